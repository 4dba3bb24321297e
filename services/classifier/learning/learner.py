"""What goes on beside detection: trials take their steps, new verdicts train, drift is watched, old examples go.

Several processes do it; whatever may be done once only is held by a lock or a row of the database.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
import structlog

from services.classifier.learning import counts, drift, trials
from services.classifier.learning.examples import ExampleRow, forget
from services.classifier.learning.live import LiveModels
from services.classifier.learning.registry import ON_TRIAL, Status, holding
from services.classifier.learning.settings import LearningSettings
from services.classifier.learning.turns import guarded_trainer, is_due, train
from shared.database import Transaction
from shared.failures import Transient
from shared.handling import Context
from shared.metrics import Metrics
from shared.regularly import STOP_POLL_S

log = structlog.get_logger(__name__)

COUNT_S, TRIAL_S, HOUSE_S = 5.0, 30.0, 3600.0  # how often: counts are written, the trial is looked at, the rest
BY = "learner"


class Learner:
    """A resource, and the background task `work`."""

    def __init__(self, live: LiveModels, directory: Path, settings: LearningSettings) -> None:
        self._live, self._directory, self._settings = live, directory, settings
        self._trainer = guarded_trainer()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._trainer.__aexit__(None, None, None)

    async def work(self, context: Context) -> None:
        """Until the service stops."""
        done: dict[str, float] = {}
        while not context.stopping():
            now = context.clock.monotonic()
            for name, every, do in (
                ("counts", COUNT_S, self._count),
                ("trial", TRIAL_S, self.look_at_trial),
                ("house", HOUSE_S, self.keep_house),
            ):
                if now - done.get(name, -every) >= every:
                    done[name] = now
                    try:
                        await do(context)
                    except Transient as failure:
                        log.warning("has to wait", what=name, reason=str(failure))
            await context.clock.sleep(STOP_POLL_S)

    async def _count(self, _: Context) -> None:
        await self._live.write_counts()

    async def look_at_trial(self, context: Context) -> None:
        """The trial's next step; without a trial, a training if one is due."""
        if self._live.shipped is None:
            return
        async with context.database.transaction() as tx:
            await trials.go_on(tx, self._settings)
            due = await is_due(tx, self._settings.train_after, scripted=self._settings.learn_from_scripts)
            fits = await self._fits(tx)
            await tell(tx, context.metrics)
        if due and fits:
            await self._train(context)

    async def _train(self, context: Context) -> None:
        """Given up when the service stops: the next process begins anew."""
        scripted = self._settings.learn_from_scripts
        training = asyncio.create_task(
            train(context.database, self._directory, self._trainer, scripted=scripted, by=BY)
        )
        while not training.done() and not context.stopping():
            await asyncio.wait({training}, timeout=STOP_POLL_S)
        if not training.done():
            training.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await training

    async def keep_house(self, context: Context) -> None:
        async with context.database.transaction() as tx:
            await forget(tx, self._settings.examples_days)
            for seen in await drift.watch(tx, scripted=self._settings.learn_from_scripts):
                context.metrics.drift.labels(seen.what).set(max(0.0, seen.now - seen.before) / seen.most)

    async def _fits(self, tx: Transaction) -> bool:
        """Whether the champion was made from the model that is installed here; another process may have a newer one."""
        champion = await holding(tx, Status.CHAMPION)
        return bool(champion and self._live.shipped and champion.base == self._live.shipped.digest)


async def tell(tx: Transaction, metrics: Metrics) -> None:
    on_trial = None
    for status in (Status.CHAMPION, *ON_TRIAL):
        row = await holding(tx, status)
        metrics.text_model.labels(str(status)).set(row.version if row else 0)
        on_trial = row if status in ON_TRIAL and row else on_trial
    if on_trial:
        counted = await counts.of_trial(tx, on_trial.version)
        metrics.differing.set(counted.differing / max(counted.texts, 1))
    labels = (
        sa.select(ExampleRow.label, sa.func.count()).where(ExampleRow.label.is_not(None)).group_by(ExampleRow.label)
    )
    found: Sequence[tuple[Any, ...]] = (await tx.execute(labels)).all()
    for label, number in found:
        metrics.verdicts.labels("approved" if label else "rejected").set(number)
