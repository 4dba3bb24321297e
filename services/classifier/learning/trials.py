"""Takes the model on trial to its next step, from what was counted and decided since it is on trial."""

import asyncio
from collections.abc import Sequence

import numpy as np
import structlog

from services.classifier.learning import counts
from services.classifier.learning.examples import labelled
from services.classifier.learning.heads import Head, HeadUnusable
from services.classifier.learning.metrics import FLAG_FROM
from services.classifier.learning.registry import LOCK, ON_TRIAL, ModelRow, Status, holding, move, weights_of
from services.classifier.learning.settings import LearningSettings
from services.classifier.learning.taught import Labelled, bags_of_verdicts, readable
from services.classifier.learning.trial import Step, Trial, decide
from services.classifier.learning.turns import verdict_of
from shared.database import Transaction

log = structlog.get_logger(__name__)

BY = "trial"
MOST_VERDICTS = 2_000  # the newest, at every look: a trial that waits for a person may last for months


async def go_on(tx: Transaction, settings: LearningSettings) -> Step | None:
    """The step that was taken; None when it waits, or nothing is on trial."""
    await tx.execute(LOCK)
    on_trial = [row for status in ON_TRIAL if (row := await holding(tx, status))]
    champion = await holding(tx, Status.CHAMPION)
    if not on_trial or champion is None:
        return None
    (row,) = on_trial
    if row.base != champion.base:
        step = Step(Status.RETIRED, "another model was installed meanwhile: what it learned does not fit that one")
        return await _taken(tx, row, step)
    verdicts = await labelled(tx, scripted=settings.learn_from_scripts, since=row.made_at)
    try:
        heads = await _head(tx, champion), await _head(tx, row)
    except HeadUnusable as unusable:
        step = Step(Status.RETIRED, str(unusable))
    else:
        newest = list(map(verdict_of, verdicts[-MOST_VERDICTS:]))
        wrong = await asyncio.to_thread(wrong_alone, *heads, newest)
        trial = Trial(Status(row.status), tx.clock.now() - row.since, await counts.of_trial(tx, row.version), *wrong)
        decided = decide(trial, settings)
        if not isinstance(decided, Step):
            return None
        step = decided
    return await _taken(tx, row, step)


async def _taken(tx: Transaction, row: ModelRow, step: Step) -> Step:
    await move(tx, row, step.status, BY, step.reason)
    log.info("a model on trial goes on", version=row.version, status=str(step.status), reason=step.reason)
    return step


def wrong_alone(champion: Head, challenger: Head, verdicts: Sequence[Labelled]) -> tuple[int, int]:
    """Verdicts that one of them has wrong and the other right: (champion's, challenger's)."""
    bags = bags_of_verdicts(readable(verdicts, champion.grams))
    wrong = [(head.probabilities(bags) >= FLAG_FROM) != bags.labels for head in (champion, challenger)]
    return int(np.sum(wrong[0] & ~wrong[1])), int(np.sum(wrong[1] & ~wrong[0]))


async def _head(tx: Transaction, row: ModelRow) -> Head:
    what = f"text model {row.version}"
    weights = await weights_of(tx, row.version)
    if weights is None:
        raise HeadUnusable(f"{what}: its weights are not kept any more")
    return Head.of(row.config, weights, what)
