"""Faults that strike when the evidence service comes to a given point of its work on a given case."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from services.evidence import workshop
from services.evidence.capture.capturing import Capture
from services.evidence.capture.plan import PLAN
from services.evidence.capture.work import Made, Step, Work
from services.evidence.seal.sealer import Sealer
from services.evidence.workshop import Workshop
from shared.database import Database, Transaction
from shared.events import ContentFlagged, Envelope, Event
from shared.objects.vault import Vault
from shared.stamps.stamping import Stamping

STEPS = tuple(step.name for step in PLAN)
NTH_PUT = 5
# In their order: the vault is asked whether the case was destroyed; the steps; all puts; the fifth of them; the seal;
# the second authority once the first has stamped; the transaction with its inbox; once its custody is written; before
# its events go to the outbox; after its commit, before the offset's.
POINTS = ("vault", *STEPS, "puts", "put", "seal", "stamps", "record", "keep", "commit", "committed")

Strike = Callable[[], Awaitable[None]]
Setting = Callable[[Any, str, Any], None]


class Strikes:
    """`planned`: what strikes at (case, point), each entry once. `struck`: what did, in order."""

    def __init__(self) -> None:
        self.planned: defaultdict[tuple[UUID, str], list[Strike]] = defaultdict(list)
        self.struck: list[tuple[UUID, str]] = []
        self._puts: defaultdict[UUID, int] = defaultdict(int)
        self._first_stamped: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def reached(self, case_id: UUID, point: str) -> None:
        if self.planned[case_id, point]:
            strike = self.planned[case_id, point].pop(0)
            self.struck.append((case_id, point))
            await strike()

    def install(self, put: Setting = setattr) -> None:
        """`put`: `monkeypatch.setattr`, where it is to be undone."""
        plan = tuple(replace(step, run=partial(self._step, step)) for step in PLAN)
        put(workshop, "Capture", partial(Capture, plan=plan))
        put(Vault, "destroyed", self._before(Vault.destroyed, lambda _, case_id: (case_id, "vault")))
        put(Vault, "put_all", self._before(Vault.put_all, lambda _, case_id, __: (case_id, "puts")))
        put(Vault, "_keep", self._before(Vault._keep, self._put))
        put(Sealer, "seal", self._before(Sealer.seal, lambda _, case_id, __: (case_id, "seal")))
        put(Sealer, "keep", self._before(Sealer.keep, lambda _, __, case_id, ___: (case_id, "keep")))
        put(Workshop, "seal", self._before(Workshop.seal, lambda _, event, *__: (event.case_id, "record")))
        put(Transaction, "_finish", self._before(Transaction._finish, _finished))
        put(Stamping, "one", self._one_after_the_other(Stamping.one))
        put(Database, "transaction", self._and_after(Database.transaction))

    async def _step(self, step: Step, work: Work) -> Made:
        await self.reached(work.event.case_id, step.name)
        return await step.run(work)

    def _put(self, _: Vault, case_id: UUID, *__: object) -> tuple[UUID, str]:
        self._puts[case_id] += 1
        return case_id, "put" if self._puts[case_id] == NTH_PUT else ""

    def _before(self, work: Callable[..., Awaitable[Any]], where: Callable[..., tuple[UUID, str] | None]) -> Any:
        async def struck_before(*arguments: Any) -> Any:
            if at := where(*arguments):
                await self.reached(*at)
            return await work(*arguments)

        return struck_before

    def _one_after_the_other(self, one: Callable[..., Awaitable[Any]]) -> Any:
        async def ordered(stamping: Stamping, name: str, message: bytes, covers: str) -> Any:
            case_id, first = json.loads(message)["case_id"], stamping.names[0]
            if name != first:
                if not stamping.rests(first):
                    await self._first_stamped[case_id].wait()
                await self.reached(UUID(case_id), "stamps")
            try:
                return await one(stamping, name, message, covers)
            finally:
                self._first_stamped[case_id].set()

        return ordered

    def _and_after(self, transaction: Callable[..., Any]) -> Any:
        @asynccontextmanager
        async def watched(database: Database, cause: Envelope[Event] | None = None) -> AsyncIterator[Transaction]:
            async with transaction(database, cause) as tx:
                yield tx
            if at := _finished(tx):
                await self.reached(at[0], "committed")

        return watched


def _finished(tx: Transaction) -> tuple[UUID, str] | None:
    event = tx.cause.event if tx.cause else None
    return (event.case_id, "commit") if isinstance(event, ContentFlagged) and tx.published else None
