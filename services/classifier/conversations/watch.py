"""Observed turns to alerts. Nothing is read without a lawful basis that the agency has allowed."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Self, TypeVar

from services.classifier.conversations.alarm import Standing, stand
from services.classifier.conversations.course import CueTurn
from services.classifier.conversations.model import ConversationModel
from services.classifier.conversations.progress import Stages, weighed
from services.classifier.conversations.recording import Observed, record
from services.classifier.conversations.settings import ConversationSettings
from services.classifier.conversations.store import count_refused, forget
from shared.database import Database
from shared.events import ConversationObserved, Envelope, Turn
from shared.handling import Context, Outlet
from shared.regularly import regularly

FORGET_EVERY_S = 600.0

Result = TypeVar("Result")


class ConversationWatch:
    """A resource; entering loads the model, where anything may be read. All computing is done in one thread beside the
    event loop: the model's tokenizer is not safe in two."""

    def __init__(self, database: Database, settings: ConversationSettings, embedding: Path | None) -> None:
        self._database, self._settings, self._embedding = database, settings, embedding
        self._thread = ThreadPoolExecutor(1, "conversations")
        self._model: ConversationModel | None = None

    async def __aenter__(self) -> Self:
        if self._settings.conversation_bases and self._settings.conversation_model:
            load = partial(ConversationModel.load, self._settings.conversation_model, self._embedding)
            self._model = await self._run(load)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._thread.shutdown()

    async def observe(self, batch: Sequence[Envelope[ConversationObserved]], outlet: Outlet) -> None:
        """Batch handler. Alerts leave with the transaction that records what led to them, not by the outlet: turns that
        are told again raise nothing."""
        del outlet
        events = [envelope.event for envelope in batch]
        await self._refuse([event for event in events if not self._may_read(event)])
        allowed = sorted(filter(self._may_read, events), key=lambda event: event.conversation)  # each in its order
        for _, told in groupby(allowed, key=lambda event: event.conversation):
            for event in told:
                await self._read(event)

    async def forget(self, context: Context) -> None:
        """Background task."""
        await regularly(context, FORGET_EVERY_S, lambda tx: forget(tx, self._settings.conversation_days))

    def _may_read(self, event: ConversationObserved) -> bool:
        return (
            self._model is not None
            and event.lawful_basis in self._settings.conversation_bases
            and bool(event.proof.strip())
        )

    async def _refuse(self, events: Sequence[ConversationObserved]) -> None:
        """Counted, and nothing of them kept."""
        if not events:
            return
        async with self._database.transaction() as tx:
            for basis in sorted({event.lawful_basis for event in events}):
                few = [event for event in events if event.lawful_basis is basis]
                await count_refused(tx, basis, len(few), sum(len(event.turns) for event in few))

    async def _read(self, event: ConversationObserved) -> None:
        model = self._model
        if model is None:
            raise RuntimeError("the watch is used outside its context")
        turns = tuple({turn.turn_id: turn for turn in event.turns}.values())
        observed = Observed(event, turns, await self._run(partial(_stages, model, turns)))
        async with self._database.transaction() as tx:
            await record(tx, observed, partial(self._judge, model), model, self._settings.playbook_url)

    async def _judge(self, model: ConversationModel, cues: Sequence[CueTurn]) -> Standing:
        return await self._run(partial(stand, cues, model.risk))

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _stages(model: ConversationModel, turns: Sequence[Turn]) -> list[Stages]:
    return [weighed(row) for row in model.cues.read([turn.text for turn in turns]).tolist()]
