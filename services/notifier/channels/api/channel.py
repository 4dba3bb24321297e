"""Report APIs as a channel: a notice becomes one report or several, each taken once, or known not to be known."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import structlog

from services.notifier.channels.api import ledger
from services.notifier.channels.api.connector import Connector
from services.notifier.channels.api.credentials import Credential
from services.notifier.channels.api.replies import Again, Duplicate, Judged, Refused, Taken, Unknown, found_in, judge
from services.notifier.channels.api.requests import Request, check, key_of, parts_of, question, report, values_of
from services.notifier.channels.api.steps import Step, next_step
from services.notifier.channels.api.store import AGAIN
from services.notifier.channels.port import Letter, Unsendable, must_be_approved
from services.notifier.domain import Accepted, Failed
from shared.database import Database
from shared.failures import Failure, Transient
from shared.net import AddressRefused
from shared.net.calling import Caller, NoAnswer, NotSent, Reply

log = structlog.get_logger(__name__)

SKEW = timedelta(minutes=1)


@dataclass(frozen=True)
class Part:
    """One report of a notice. `of`: how many there are."""

    letter: Letter
    number: int
    of: int
    values: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"part {self.number + 1} of {self.of}: " if self.of > 1 else ""


@dataclass
class Api:
    """A resource: entered before the first notice. `database`: a connection of its own, so that what it writes down is
    there before the first byte leaves, whatever becomes of the attempt."""

    connectors: Mapping[str, Connector]
    credentials: Mapping[str, Credential]
    caller: Caller
    database: Database
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self.caller)
        self._open.push_async_callback(self.database.close)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    def check(self, letter: Letter, now: datetime) -> None:
        """What an API does not take, or we may not send it, goes to a person when its turn comes: it must not keep the
        others of the approval."""
        must_be_approved(letter)

    async def deliver(self, letter: Letter, now: datetime) -> Accepted | Failed:
        try:
            must_be_approved(letter)
        except Unsendable as problem:
            return Failed(str(problem), final=True)
        try:
            connector, own = self.of(letter.notice.recipient.connector)
            values = values_of(letter.notice)
            check(connector, values)
        except Unsendable as problem:
            return Failed(str(problem), final=True, by_hand=True)
        every = list(parts_of(connector, values))
        try:
            done = await self._accepted(letter)
            for number, part in enumerate(every):
                if number in done:
                    continue
                receipt = await self._deliver(Part(letter, number, len(every), part), connector, own, now)
                if isinstance(receipt, Failed):
                    return receipt
                done[number] = receipt
                if len(done) < len(every):  # one at a time: a delivery must not take longer than its lease
                    return Failed(f"{connector.name}: {len(done)} of {len(every)} reports are accepted", counted=False)
        except Transient as failure:
            return Failed(f"{connector.name}: {failure}")
        receipts = ", ".join(receipt for _, receipt in sorted(done.items()) if receipt)
        return Accepted(f"{connector.name}: report {receipts}" if receipts else f"{connector.name}: accepted")

    async def _accepted(self, letter: Letter) -> dict[int, str]:
        async with self.database.transaction() as tx:
            return await ledger.accepted(tx, letter.notice.notice_id)

    def of(self, name: str) -> tuple[Connector, Credential]:
        """Raises `Unsendable` with the cure."""
        if (connector := self.connectors.get(name)) is None:
            raise Unsendable(f"no connector is called {name!r}: put {name}.toml into HAETAE_CONNECTORS_DIR")
        own = self.credentials.get(connector.entry, Credential() if connector.auth.kind == "none" else None)
        if own is None:
            raise Unsendable(
                f"{name}: HAETAE_CONNECTOR_CREDENTIALS_FILE has no entry [{connector.entry}]: "
                f"add one, or hand it in by the form{_at(connector)}"
            )
        return connector, own

    async def _deliver(self, part: Part, connector: Connector, own: Credential, now: datetime) -> str | Failed:
        """The API's number of the report. Whatever happens to us or to the database on the way, the next attempt finds
        what was begun. Raises `Transient` for a database that is away."""
        async with self.database.transaction() as tx:
            row = await ledger.read(tx, part.letter.notice.notice_id, part.number)
            wait_s = await ledger.must_wait_s(tx, connector.name, connector.limits)
        step = next_step(row, connector, now)
        if step is Step.OVER and row is not None:
            return Failed(part.name + row.reason, final=True)
        if step is Step.LOST:
            return await self._lost(part, connector, row.reason if row else "")
        if wait_s > 0:
            return Failed(f"{connector.name} takes no more for now", after_s=wait_s, counted=False)
        if step is Step.LOOK and row is not None:
            found = await self._look(part, connector, own, row.asked_at, row.last_at, now)
            if not isinstance(found, Step):
                return found
        return await self._send(part, connector, own, now, again=row is not None and row.state != AGAIN)

    async def _send(
        self, part: Part, connector: Connector, own: Credential, now: datetime, *, again: bool
    ) -> str | Failed:
        async with self.database.transaction() as tx:
            asked_at = await ledger.begin(
                tx, part.letter.case_id, part.letter.notice.notice_id, part.number, connector.name
            )
        values = {**part.values, "key": key_of(part.letter, part.number), "since": _since(asked_at)}
        try:
            judged = await self._ask(report(connector, own, values, now), connector, own, now, again=again)
        except Unsendable as problem:
            judged = Refused(str(problem), by_hand=True)
        async with self.database.transaction() as tx:
            await ledger.end(tx, part.letter.notice.notice_id, part.number, judged)
        match judged:
            case Taken(receipt):
                return receipt
            case Again(reason, after_s):
                return Failed(f"{part.name}{connector.name}: {reason}", after_s=after_s)
            case Unknown(reason) if connector.idempotency or connector.lookup:
                return Failed(f"{part.name}{connector.name}: {reason}", perhaps_taken=True)
            case Unknown(reason):
                return await self._lost(part, connector, reason)
            case Refused(reason, by_hand):
                by_hand = by_hand and part.of == 1  # of several, some may have been taken
                return Failed(f"{part.name}{connector.name}: {reason}{_at(connector)}", final=True, by_hand=by_hand)
            case Duplicate(reason):
                return Failed(f"{part.name}{connector.name}: {reason}", final=True)

    async def _ask(
        self, request: Request, connector: Connector, own: Credential, now: datetime, *, again: bool
    ) -> Judged:
        """`again`: an earlier request may have been taken, so that a duplicate is that one."""
        try:
            reply = await self.call(request, connector)
        except (NotSent, AddressRefused) as failure:
            return Again(own.masked(str(failure)))
        except NoAnswer as failure:
            return Unknown(own.masked(str(failure)))
        return ledger.settled(judge(reply, connector.report.answer, now), own, again=again)

    async def _look(
        self, part: Part, connector: Connector, own: Credential, asked_at: datetime, last_at: datetime, now: datetime
    ) -> str | Failed | Step:
        """`Step.SEND` when the report is not there, long enough after it was sent."""
        lookup = connector.lookup
        if lookup is None:
            return Step.LOST
        values = {**part.values, "key": key_of(part.letter, part.number), "since": _since(asked_at)}
        try:
            request = question(connector, own, lookup.path, values, now)
            receipt = found_in(await self.call(request, connector), lookup, values, connector.maps)
        except (Unsendable, ValueError, Failure) as problem:
            reason = own.masked(str(problem))
            return Failed(f"{part.name}{connector.name}: unknown whether it was taken; {reason}", perhaps_taken=True)
        if receipt is not None:
            async with self.database.transaction() as tx:
                await ledger.end(tx, part.letter.notice.notice_id, part.number, Taken(receipt))
            return receipt
        left_s = lookup.settle_s - (now - last_at).total_seconds()
        if left_s > 0:
            return Failed(f"{part.name}{connector.name}: it is looked for again", after_s=left_s, perhaps_taken=True)
        return Step.SEND

    async def call(self, request: Request, connector: Connector) -> Reply:
        """Raises `NotSent`, `NoAnswer`, `AddressRefused`."""
        return await self.caller.call(
            request.method, request.url, request.headers, request.body, timeout_s=connector.timeout_s
        )

    async def _lost(self, part: Part, connector: Connector, reason: str) -> Failed:
        async with self.database.transaction() as tx:
            await ledger.lose(tx, part.letter.notice.notice_id, part.number)
        log.error("unknown whether a report was accepted", case_id=str(part.letter.case_id), connector=connector.name)
        return Failed(
            f"{part.name}unknown whether {connector.name} accepted it, and it is never sent twice blindly: ask there "
            f"for {key_of(part.letter, part.number)}{_at(connector)} ({reason})",
            final=True,
        )


def _at(connector: Connector) -> str:
    return f", {connector.form_url}" if connector.form_url else ""


def _since(asked_at: datetime) -> str:
    """Clocks differ."""
    return (asked_at - SKEW).isoformat(timespec="seconds").replace("+00:00", "Z")
