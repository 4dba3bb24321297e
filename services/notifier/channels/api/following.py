"""What APIs say of reports that they took: the acceptance, as an answer; then their status, to the last word."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.notifier.answers import Answer, note
from services.notifier.channels.api.channel import Api
from services.notifier.channels.api.connector import Connector, Following, Meaning
from services.notifier.channels.api.replies import meaning_of
from services.notifier.channels.api.requests import question, values_of
from services.notifier.channels.api.sending import call
from services.notifier.channels.api.store import ReportRow, due_for_a_look, untold
from services.notifier.channels.port import Unsendable
from services.notifier.ladder.store import hold
from services.notifier.store import Delivery
from shared.clock import Clock
from shared.database import Database, Transaction
from shared.events import AnswerKind
from shared.failures import Failure, Transient
from shared.handling import Context

log = structlog.get_logger(__name__)

POLL_S = 1.0
AT_ONCE = 8  # questions at the same time, to all APIs together
LEASE_S = 300.0  # a question takes at most a minute
LONGEST_GAP_S = 24 * 3600.0
CHANNEL, PROVEN_BY = "api", "api"


@dataclass(frozen=True)
class Asked:
    """A report whose status is to be asked for, with what its connector may ask of the notice."""

    row: ReportRow
    connector: Connector
    following: Following
    values: Mapping[str, str]


class Follower:
    """A background task beside the channel."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def run(self, context: Context) -> None:
        while not context.stopping():
            try:
                await self.round(context.database, context.clock)
            except Transient as failure:
                log.warning("reports have to wait", reason=str(failure))
            await context.clock.sleep(POLL_S)

    async def round(self, database: Database, clock: Clock) -> None:
        """Note what was accepted, and ask for the status of what is due."""
        async with database.transaction() as tx:
            rows = await untold(tx, AT_ONCE)
            await hold(tx, (row.case_id for row in rows))
            for row in rows:
                await self._tell_accepted(tx, row)
        async with database.transaction() as tx:
            asked = [one for row in await due_for_a_look(tx, LEASE_S, AT_ONCE) if (one := await self._asked(tx, row))]
        await asyncio.gather(*(self._look(one, database, clock.now()) for one in asked))

    async def _tell_accepted(self, tx: Transaction, row: ReportRow) -> None:
        at = row.accepted_at or tx.clock.now()
        words = f"{row.connector}: report {row.receipt}" if row.receipt else f"{row.connector}: accepted"
        await note(tx, row.case_id, row.notice_id, _answer(row, "accepted", AnswerKind.RECEIPT, words, at))
        row.told = True
        following = self._following(row)
        if following is not None and row.receipt:
            row.next_poll_at = tx.clock.now() + timedelta(seconds=following.every_s)

    async def _asked(self, tx: Transaction, row: ReportRow) -> Asked | None:
        """None when nobody can be asked any more: the connector is gone, or its days are over."""
        connector, following = self._api.connectors.get(row.connector), self._following(row)
        since = row.accepted_at or row.last_at
        delivery = await tx.get(Delivery, row.notice_id)
        if connector is None or following is None or delivery is None:
            row.next_poll_at = None
            return None
        if tx.clock.now() > since + timedelta(days=following.for_days):
            row.next_poll_at = None
            return None
        return Asked(row, connector, following, {**values_of(delivery.letter().notice), "receipt": row.receipt})

    async def _look(self, asked: Asked, database: Database, now: datetime) -> None:
        meaning: Meaning | None = None
        problem = ""
        try:
            connector, own = self._api.of(asked.connector.name)
            request = question(connector, own, asked.following.path, asked.values, now)
            meaning = meaning_of(await call(self._api.caller, request, connector), asked.following)
        except (Unsendable, ValueError, Failure) as failure:
            problem = type(failure).__name__
        async with database.transaction() as tx:
            await _record(tx, asked, meaning, problem)

    def _following(self, row: ReportRow) -> Following | None:
        connector = self._api.connectors.get(row.connector)
        return connector.status if connector else None


async def _record(tx: Transaction, asked: Asked, meaning: Meaning | None, problem: str) -> None:
    row = await tx.get(ReportRow, (asked.row.notice_id, asked.row.part), lock=True)
    if row is None:
        return
    now = tx.clock.now()
    row.polls_failed = row.polls_failed + 1 if problem else 0
    gap_s = min(asked.following.every_s * 2.0 ** min(row.polls_failed, 20), LONGEST_GAP_S)
    row.next_poll_at = now + timedelta(seconds=max(gap_s, asked.following.every_s))
    if problem:
        log.warning("a report's status was not told", connector=row.connector, failures=row.polls_failed, why=problem)
    if meaning is None:
        return
    if meaning.words != row.meaning:
        row.meaning = meaning.words
        await note(tx, row.case_id, row.notice_id, _answer(row, meaning.words, meaning.kind, meaning.words, now))
    if meaning.final:
        row.next_poll_at = None


def _answer(row: ReportRow, what: str, kind: AnswerKind, words: str, at: datetime) -> Answer:
    """Named by the report and what was said, so that it is one answer however often it is asked for."""
    return Answer(
        source=f"api:{row.connector}:{row.notice_id}:{row.part}:{what}",
        kind=kind,
        ticket=row.receipt,
        words=words,
        channel=CHANNEL,
        at=at,
        how=PROVEN_BY,
    )
