"""The facts of a case out of its rows: a query each for notices, answers and the watch, whatever their number."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID as PgUuid

from services.notifier.ladder.facts import Entry, Facts, Heard, Watching
from services.notifier.ladder.pace import hour
from services.notifier.ladder.store import Ladder, read
from services.notifier.store import REMOVED, AnswerRow, Delivery, StopRow, WatchRow
from shared.database import Transaction
from shared.events import AnswerKind
from shared.events.values import NoticeClock

# Texts, attachments and fields of the notices stay where they are.
OF_NOTICES = (
    *(
        getattr(Delivery, name)
        for name in (
            "notice_id", "address", "channel", "occasion", "round", "rung", "state", "attempt", "approved_at",
            "next_attempt_at", "last_attempt_at", "sent_at", "received_at", "received_how", "ticket",
        )
    ),
    sa.func.coalesce(Delivery.notice["after_hours"].as_integer(), 0).label("after_hours"),
    sa.cast(Delivery.notice["follows"].as_string(), PgUuid).label("follows"),
    Delivery.notice["clock"].label("clock"),
    sa.func.coalesce(StopRow.by, "").label("stopped_by"),
)  # fmt: skip
OF_WATCHES = (
    WatchRow.state,
    WatchRow.awaited_at,
    WatchRow.gone_in_a_row,
    WatchRow.checks_done,
    WatchRow.finding["url"].as_string().label("url"),
)


async def read_facts(tx: Transaction, row: Ladder) -> Facts:
    stop = sa.and_(StopRow.notice_id == Delivery.notice_id, StopRow.case_id == Delivery.case_id)
    of_case = sa.select(*OF_NOTICES).outerjoin(StopRow, stop).where(Delivery.case_id == row.case_id)
    notices = (await tx.execute(of_case)).mappings().all()
    heard = [_heard(one) for one in await _answers(tx, row.case_id)]
    watch = (await tx.execute(sa.select(*OF_WATCHES).where(WatchRow.case_id == row.case_id))).mappings().one_or_none()
    entries = with_replies([_entry(one, tx.clock.now()) for one in notices], heard)
    known = {one.notice_id for one in entries}
    return Facts(
        case_id=row.case_id,
        url=watch["url"] if watch else "",
        entries=tuple(entries),
        watching=_watching(watch) if watch else Watching(),
        heard=tuple(one for one in heard if one.notice_id not in known),
        asked=read(row),
        settled_at=row.settled_at,
    )


def with_replies(entries: list[Entry], heard: list[Heard]) -> list[Entry]:
    """Each with its answers. What comes back to a reminder answers the notice that it reminds of, and proves that the
    recipient has the matter at that time at the latest."""
    known = {one.notice_id for one in entries}
    about = {one.notice_id: one.follows if one.follows in known else one.notice_id for one in entries}
    parts: dict[UUID | None, list[Entry]] = defaultdict(list)
    answers: dict[UUID | None, list[Heard]] = defaultdict(list)
    for entry in entries:
        parts[about[entry.notice_id]].append(entry)
    for one in heard:
        if one.notice_id in about:
            answers[about[one.notice_id]].append(one)
    return [_together(entry, parts[entry.notice_id], answers[entry.notice_id]) for entry in entries]


def _together(entry: Entry, parts: list[Entry], heard: list[Heard]) -> Entry:
    received = min((one.received_at for one in parts if one.received_at is not None), default=None)
    ticket = next((one.ticket for one in parts if one.ticket), "")
    return replace(entry, received_at=received, ticket=ticket, heard=tuple(heard))


async def _answers(tx: Transaction, case_id: UUID) -> list[sa.RowMapping]:
    columns = (AnswerRow.kind, AnswerRow.answered_at, AnswerRow.ticket, AnswerRow.notice_id)
    ordered = sa.select(*columns).where(AnswerRow.case_id == case_id)
    return list((await tx.execute(ordered.order_by(AnswerRow.answered_at, AnswerRow.answer_id))).mappings())


def _heard(row: sa.RowMapping) -> Heard:
    return Heard(AnswerKind(row["kind"]), row["answered_at"], row["ticket"], row["notice_id"])


def _watching(row: sa.RowMapping) -> Watching:
    confirming = row["gone_in_a_row"] > 0
    return Watching(row["state"] == REMOVED, row["awaited_at"], confirming, row["checks_done"], hour() / 2)


def _entry(row: sa.RowMapping, now: datetime) -> Entry:
    values = dict(row)
    clock = values["clock"]
    received = values["received_at"]
    values |= {
        "clock": NoticeClock.model_validate(clock) if clock else None,
        "received_at": received if received is not None and received <= now else None,
        "received_how": values["received_how"] or "",
        "ticket": values["ticket"] or "",
        "hour": hour(),
    }
    return Entry(**values)
