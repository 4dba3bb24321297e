"""The models of the registry at work in this process: loaded at the start, exchanged when one is promoted."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Self

import sqlalchemy as sa
import structlog

from services.classifier.learning import counts
from services.classifier.learning.heads import Head, HeadUnusable
from services.classifier.learning.panel import Panel, Seat
from services.classifier.learning.registry import (
    LOCK,
    ON_TRIAL,
    TEXT,
    Made,
    ModelRow,
    Status,
    holding,
    register,
    weights_of,
)
from services.classifier.text_thread import TextThread
from services.classifier.texts.text_model import ModelUnusable, TextModel
from shared.database import Database, Transaction
from shared.events import ModelPromoted

log = structlog.get_logger(__name__)

SHIPPED_BY = "installation"


class LiveModels:
    """A resource, entered after the text thread; and the listener of `model.promoted`. Where the text model is another
    than ours, verdicts can teach it nothing, and this does nothing."""

    def __init__(self, database: Database, texts: TextThread, directory: Path, canary_share: float) -> None:
        self._database, self._texts, self._directory, self._share = database, texts, directory, canary_share
        self.shipped: Head | None = None
        self.panel: Panel | None = None

    async def __aenter__(self) -> Self:
        try:
            self.shipped = Head.of_directory(self._directory)
        except HeadUnusable as unusable:
            log.info("verdicts cannot teach this text model", why=str(unusable))
            return self
        async with self._database.transaction() as tx:
            row = await enter_shipped(tx, self._directory, self.shipped)
        load = partial(_loaded, self.shipped.config, self.shipped.safetensors, str(self._directory))
        self.panel = Panel(Seat(row.version, await self._texts.run(load)))
        try:
            await self.sync()
        except (HeadUnusable, ModelUnusable) as unusable:
            log.error("the champion cannot be loaded, the installed model judges", why=str(unusable))
            await self._seat(self.panel)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.write_counts()

    async def heard(self, event: ModelPromoted) -> None:
        """Raises `HeadUnusable` or `ModelUnusable` for weights that are no model: then all stays as it was."""
        if self.panel is not None and event.name == TEXT:
            await self.sync()

    async def sync(self) -> None:
        """Let those judge that the registry says."""
        if self.panel is None:
            return
        known = {seat.version: seat.model for seat in (self.panel.champion, self.panel.challenger) if seat}
        async with self._database.transaction() as tx:
            champion = await holding(tx, Status.CHAMPION)
            trial = [row for status in ON_TRIAL if (row := await holding(tx, status))]
            rows = [row for row in (champion, *trial) if row]
            parts = {row.version: await weights_of(tx, row.version) for row in rows if row.version not in known}
        if champion is None:
            return
        first = await self._model(champion, known, parts)
        panel = Panel(Seat(champion.version, first))
        for row in trial:
            share = self._share if row.status == Status.CANARY else 0.0
            try:
                panel.challenger = Seat(row.version, await self._model(row, known, parts), share)
            except (HeadUnusable, ModelUnusable) as unusable:
                log.error("the model on trial cannot be loaded", version=row.version, why=str(unusable))
        await self.write_counts()
        await self._seat(panel)

    async def write_counts(self) -> None:
        """Add what was counted to the table."""
        if self.panel is None or self.panel.challenger is None:
            return
        taken = self.panel.take_counts()
        async with self._database.transaction() as tx:
            await counts.add(tx, self.panel.champion.version, self.panel.challenger.version, taken)

    async def _seat(self, panel: Panel) -> None:
        reader = self._texts.reader
        await self._texts.run(partial(reader.replace, panel.champion.model, panel))
        self.panel = panel
        log.info(
            "text models at work",
            champion=panel.champion.version,
            challenger=panel.challenger.version if panel.challenger else None,
            share=panel.challenger.share if panel.challenger else 0.0,
        )

    async def _model(self, row: ModelRow, known: dict[int, TextModel], parts: dict[int, bytes | None]) -> TextModel:
        if row.version in known:
            return known[row.version]
        weights = parts[row.version]
        if weights is None:
            raise HeadUnusable(f"text model {row.version}: its weights are not kept any more")
        return await self._texts.run(partial(_loaded, row.config, weights, f"text model {row.version}"))


async def enter_shipped(tx: Transaction, directory: Path, shipped: Head) -> ModelRow:
    """The installed model's row. One that was never seen here becomes champion: whoever installs it wants it to judge,
    and what verdicts taught its predecessor does not fit it."""
    await tx.execute(LOCK)
    found = await tx.scalar(
        sa.select(ModelRow).where(ModelRow.name == TEXT, ModelRow.base == shipped.digest).order_by(ModelRow.version)
    )
    if found:
        return found
    card = directory / "MODEL_CARD.md"
    made = Made(
        config=dict(shipped.config),
        weights=shipped.safetensors,
        metrics={},
        card=card.read_text() if card.is_file() else "It came with the installation, without a card.\n",
        base=shipped.digest,
    )
    return await register(tx, made, Status.CHAMPION, SHIPPED_BY, "the model that HAETAE_TEXT_MODEL names")


def _loaded(config: Mapping[str, object], weights: bytes, what: str) -> TextModel:
    head = Head.of(config, weights, what)
    return TextModel.from_parts(head.config, weights)
