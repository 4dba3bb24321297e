"""One report brought to its API: taken once, or known not to be known. What is asked and answered is on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from services.notifier.channels.api import ledger
from services.notifier.channels.api.connector import Connector, Lookup
from services.notifier.channels.api.credentials import Credential
from services.notifier.channels.api.replies import Again, Duplicate, Judged, Refused, Taken, Unknown, found_in, judge
from services.notifier.channels.api.requests import Request, key_of, question, report
from services.notifier.channels.api.steps import OPEN, Step, next_step
from services.notifier.channels.api.store import ReportRow
from services.notifier.channels.port import Letter, Unsendable
from services.notifier.domain import Failed
from shared.database import Database
from shared.failures import Failure
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
    connector: Connector
    own: Credential

    @property
    def notice_id(self) -> UUID:
        return self.letter.notice.notice_id

    @property
    def key(self) -> str:
        return key_of(self.letter, self.number)

    @property
    def form(self) -> str:
        return f", {self.connector.form_url}" if self.connector.form_url else ""

    def said(self, reason: str) -> str:
        which = f"report {self.number + 1} of {self.of}: " if self.of > 1 else ""
        return f"{self.connector.name}: {which}{reason}"

    def with_channel(self, asked_at: datetime) -> dict[str, str]:
        since = (asked_at - SKEW).isoformat(timespec="seconds").replace("+00:00", "Z")  # clocks differ
        first = self.values.get("urls", "").partition("\n")[0]
        return {**self.values, "key": self.key, "since": since, "first": first}


@dataclass(frozen=True)
class Sending:
    """`database`: a connection of its own, so that what it writes down is there before the first byte leaves."""

    caller: Caller
    database: Database

    async def deliver(self, part: Part, now: datetime) -> str | Failed:
        """The API's number of the report, empty when it gave none. Whatever happens to us on the way, the next attempt
        finds what was begun. Raises `Transient` for a database that is away."""
        async with self.database.transaction() as tx:
            row = await ledger.read(tx, part.notice_id, part.number)
            rest_s = await ledger.rest_s(tx, part.connector.name)
            wait_s = await ledger.must_wait_s(tx, part.connector.name, part.connector.limits)
        step = next_step(row, part.connector, now)
        if row is not None and step is Step.LOST:
            return await self._lost(part, row.reason)
        if rest_s > 0:  # an attempt: an API that always asks for more rest must not keep a notice for ever
            return Failed(part.said("it asked for a rest"), after_s=rest_s)
        if wait_s > 0:
            return Failed(part.said("it takes no more for now"), after_s=wait_s, counted=False)
        if row is not None and step is Step.LOOK and part.connector.lookup is not None:
            found = await self._look(part, part.connector.lookup, row, now)
            if found is not None:
                return found
        return await self._send(part, now, again=row is not None and row.state in OPEN)

    async def _send(self, part: Part, now: datetime, *, again: bool) -> str | Failed:
        """`again`: an earlier request may have been taken, so that a duplicate is that one."""
        async with self.database.transaction() as tx:
            asked_at = await ledger.begin(tx, part.letter.case_id, part.notice_id, part.number, part.connector.name)
        judged = ledger.settled(await self._ask(part, asked_at, now), part.own, again=again)
        async with self.database.transaction() as tx:
            await ledger.end(tx, part.notice_id, part.number, judged)
        match judged:
            case Taken(receipt):
                return receipt
            case Again(reason, after_s):
                return Failed(part.said(reason), after_s=after_s)
            case Unknown(reason) if part.connector.idempotency or part.connector.lookup:
                return Failed(part.said(reason), perhaps_taken=True)
            case Unknown(reason):
                return await self._lost(part, reason)
            case Refused(reason, by_hand):
                # Of several, some may have been taken: a person would hand those in again.
                return Failed(part.said(reason + part.form), final=True, by_hand=by_hand and part.of == 1)
            case Duplicate(reason):
                return Failed(part.said(reason), final=True)

    async def _ask(self, part: Part, asked_at: datetime, now: datetime) -> Judged:
        try:
            request = report(part.connector, part.own, part.with_channel(asked_at), now)
            reply = await call(self.caller, request, part.connector)
        except ValueError as problem:  # nothing was sent: what the file asks for cannot be made of this notice
            return Refused(str(problem), by_hand=True)
        except (NotSent, AddressRefused) as failure:
            return Again(str(failure))
        except NoAnswer as failure:
            return Unknown(str(failure))
        return judge(reply, part.connector.report.answer, now, part.own.masked)

    async def _look(self, part: Part, lookup: Lookup, row: ReportRow, now: datetime) -> str | Failed | None:
        """None when the report is not there, long enough after it was sent."""
        values = part.with_channel(row.asked_at)
        try:
            request = question(part.connector, part.own, lookup.path, values, now)
            reply = await call(self.caller, request, part.connector)
            receipt = found_in(reply, lookup, values, part.connector.maps)
        except (Unsendable, ValueError, Failure) as problem:
            reason = part.own.masked(str(problem))
            return Failed(part.said(f"unknown whether it was taken; {reason}"), perhaps_taken=True)
        if receipt is not None:
            async with self.database.transaction() as tx:
                await ledger.end(tx, part.notice_id, part.number, Taken(receipt))
            return receipt
        left_s = lookup.settle_s - (now - row.last_at).total_seconds()
        if left_s > 0:
            return Failed(part.said("its answer was lost; it is looked for again"), after_s=left_s, perhaps_taken=True)
        return None

    async def _lost(self, part: Part, reason: str) -> Failed:
        async with self.database.transaction() as tx:
            await ledger.lose(tx, part.notice_id, part.number)
        log.error(
            "unknown whether a report was accepted", case_id=str(part.letter.case_id), connector=part.connector.name
        )
        said = f"unknown whether it was accepted, and never sent twice blindly: ask there for {part.key}{part.form}"
        return Failed(part.said(f"{said} ({reason})" if reason else said), final=True)


async def call(caller: Caller, request: Request, connector: Connector) -> Reply:
    """Raises `NotSent`, `NoAnswer`, `AddressRefused`."""
    return await caller.call(request.method, request.url, request.headers, request.body, timeout_s=connector.timeout_s)
