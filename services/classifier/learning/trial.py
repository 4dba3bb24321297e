"""What becomes of a model on trial: it waits, takes the next step, or is retired. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from services.classifier.learning.panel import Counts
from services.classifier.learning.registry import NEXT, Status
from services.classifier.learning.settings import LearningSettings

# A challenger that raises more than that floods the reviewers, whatever its average precision: twice what the champion
# raises, and a hundredth of all texts; of fewer than twenty nothing follows.
MOST_RAISED, MOST_RAISED_SHARE, FEWEST_RAISED = 2.0, 0.01, 20
SURE = 0.05  # McNemar's exact test, one-sided: below it the challenger is worse, and not by chance


@dataclass(frozen=True)
class Trial:
    """`since`: how long in this status. `counts`: since the trial began. Of the verdicts that came since then, those
    that one model alone has wrong: `champion_wrong`, `challenger_wrong`."""

    status: Status
    since: timedelta
    counts: Counts
    champion_wrong: int
    challenger_wrong: int


@dataclass(frozen=True)
class Wait:
    reason: str


@dataclass(frozen=True)
class Step:
    status: Status
    reason: str


def decide(trial: Trial, settings: LearningSettings) -> Wait | Step:
    counts = trial.counts
    said = (
        f"{counts.texts:,} texts in {trial.status}, {counts.differing:,} of them judged otherwise;"
        f" raised {counts.challenger_raised:,} where the champion raised {counts.raised:,};"
        f" of new verdicts it alone has {trial.challenger_wrong} wrong, the champion alone {trial.champion_wrong}"
    )
    if counts.challenger_raised > max(FEWEST_RAISED, MOST_RAISED * counts.raised + MOST_RAISED_SHARE * counts.texts):
        return Step(Status.RETIRED, f"it would flood the reviewers: {said}")
    if _worse(trial):
        return Step(Status.RETIRED, f"reviewers contradict it more often: {said}")
    canary = trial.status is Status.CANARY
    hours, fewest = (
        (settings.canary_hours, settings.canary_texts) if canary else (settings.shadow_hours, settings.shadow_texts)
    )
    seen = counts.canary if canary else counts.texts
    if trial.since < timedelta(hours=hours) or seen < fewest:
        return Wait(f"{trial.status} for {hours:g} h and {fewest:,} texts at least: {said}")
    if canary and settings.promote == "by_hand":
        return Wait(f"ready: a person promotes it with `haetae models promote`: {said}")
    return Step(NEXT[trial.status], said)


def _worse(trial: Trial) -> bool:
    """McNemar 1947, exact: whoever is wrong alone is so by the toss of a coin, unless one is worse."""
    from scipy.stats import binomtest  # half a second to import

    alone = trial.champion_wrong + trial.challenger_wrong
    return bool(alone) and binomtest(trial.challenger_wrong, alone, alternative="greater").pvalue < SURE
