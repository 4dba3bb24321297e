"""Learning, shown: a weak text model, 500 verdicts, and what becomes of the average precision on a frozen set.

Verdicts go through the real broker, handler and tables; training in its child process; then shadow, canary, champion
(a test's clock passes the hours, the counts are of real texts). Then a batch of random labels, which the gate has to
refuse, and a rollback. The texts are stand-ins, so the figures show that it works, not how well anything is detected.

Peers learn from the same texts and labels: scikit-learn's usual recipe from scratch, and one pass online.
"""

import asyncio
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np

from benchmarks.harness import Figure, alone
from benchmarks.taught import peers
from benchmarks.taught.office import Office, Shown, office, until
from benchmarks.taught.texts import Texts, weak_model
from services.classifier.learning.metrics import average_precision
from services.classifier.learning.registry import Status, holding, log_of, roll_back

SEED = 3
VERDICTS, ASKED, POISONED = 500, 100, 500  # of the verdicts, at most so many on what is asked to learn from
PER_LANGUAGE = 900  # texts of the pool; the stream is what is left of it. Half a minute's work, quick or not
HOURS_25_S = 25 * 3600.0


@dataclass
class Story:
    """What was measured on the frozen set, step by step, by the reader itself."""

    before: float
    shown: list[Shown] = field(default_factory=list)
    after: float = 0.0
    train_s: float = 0.0
    steps: list[str] = field(default_factory=list)
    poison: str = ""
    after_poison: float = 0.0
    rolled_back: float = 0.0
    rollback_s: float = 0.0
    gate: dict[str, float] = field(default_factory=dict)


def measure(_: bool, home: Path) -> Figure:
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=home))
    try:
        texts = weak_model(folder, SEED, PER_LANGUAGE)
        story = asyncio.run(_run(folder, texts))
    finally:
        shutil.rmtree(folder)
    labels = [*texts.few, *(one.text for one in story.shown)]
    return Figure(
        name="learning",
        unit=f"average precision on {len(texts.frozen)} frozen texts after {VERDICTS} verdicts",
        ours=round(story.after, 3),
        peers={
            "untaught": round(story.before, 3),
            "scikit_learn_from_scratch": round(peers.scikit_learn(labels, texts.frozen), 3),
            "online": round(peers.online(labels, texts.frozen), 3),
        },
        floor=None,
        lower_is_better=False,
        bound_by="what reviewers are shown: of the flagged and the asked, not of all texts",
        detail={
            "steps": story.steps,
            "gate": story.gate,
            "training_s": round(story.train_s, 2),
            "poisoned": story.poison,
            "after_poison": round(story.after_poison, 3),
            "rolled_back": round(story.rolled_back, 3),
            "rollback_s": round(story.rollback_s, 2),
        },
        against="untaught",
        ratios={"ratio_scikit_learn": "scikit_learn_from_scratch", "ratio_online": "online"},
    )


async def _run(folder: Path, texts: Texts) -> Story:
    async with office(folder / "stack", folder) as made:
        story = Story(await _figure(made, texts))
        _say(f"weak model: average precision {story.before:.3f}")
        story.shown = await made.shown(texts.stream, VERDICTS, ASKED)
        await made.decide(story.shown)
        _say(f"{len(story.shown)} verdicts, {sum(one.text.label for one in story.shown)} for what is sought")
        await _taught(made, texts, story)
        await _poisoned(made, texts, story)
        await _rolled_back(made, texts, story)
        return story


async def _taught(made: Office, texts: Texts, story: Story) -> None:
    """Training, then whatever steps the trial takes."""
    begun = time.perf_counter()
    await made.turn()
    story.train_s = time.perf_counter() - begun
    await _tell(made, story)
    while Status.CANARY in (parts := (await made.parts()).values()) or Status.SHADOW in parts:
        made.clock.advance(HOURS_25_S)
        await made.read(texts.stream[: len(texts.stream) // 2])
        await made.turn()
        await _tell(made, story)
    if Status.REFUSED in parts:
        raise SystemExit(f"the gate refused what 500 verdicts taught: {story.steps[-1]}")
    story.after = await _figure(made, texts)
    _say(f"average precision {story.after:.3f}")


async def _poisoned(made: Office, texts: Texts, story: Story) -> None:
    """Random labels on texts that nobody has judged yet."""
    judged = {id(one.text) for one in story.shown}
    unseen = [Shown(one) for one in texts.stream if id(one) not in judged]
    await made.decide(unseen[:POISONED], Random(SEED))
    await made.turn()
    parts = await made.parts()
    newest = max(parts)
    async with made.database.transaction() as tx:
        why = (await log_of(tx, version=newest))[-1].reason
    story.poison, story.after_poison = f"version {newest} {parts[newest]}: {why}", await _figure(made, texts)
    _say(f"{POISONED} random labels: {story.poison[:300]}")
    if parts[newest] != Status.REFUSED:
        raise SystemExit("the gate let a poisoned model pass")


async def _rolled_back(made: Office, texts: Texts, story: Story) -> None:
    begun = time.perf_counter()
    async with made.database.transaction() as tx:
        now, gone = await roll_back(tx, "benchmark", "to show it")
    await until(lambda: made.live.panel is not None and made.live.panel.champion.version == now.version)
    story.rollback_s = time.perf_counter() - begun
    story.rolled_back = await _figure(made, texts)
    _say(f"rolled back from {gone.version} to {now.version} in {story.rollback_s:.2f} s: {story.rolled_back:.3f}")


async def _figure(made: Office, texts: Texts) -> float:
    """Average precision of the champion as it works here."""
    panel = made.live.panel
    if panel is None:
        raise SystemExit("no model is at work")
    scores = await made.texts.run(lambda: panel.champion.model.score([one.text for one in texts.frozen]))
    return average_precision(np.array(scores), np.array([one.label for one in texts.frozen]))


async def _tell(made: Office, story: Story) -> None:
    parts = await made.parts()
    async with made.database.transaction() as tx:
        last = (await log_of(tx))[-1]
        champion = await holding(tx, Status.CHAMPION)
    story.steps.append(f"version {last.version} {parts[last.version]}")
    story.gate = dict(champion.metrics) if champion else {}
    _say(f"{story.steps[-1]}: {last.reason[:300]}")


def _say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    alone(measure)
