"""Lists of cases in the order of review, paged by key, and the figures above them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.gateway.domain import State
from services.gateway.problems import Problem
from services.gateway.store import Case
from shared.database import Transaction

# Everything a list shows and nothing large: the page's text, the report and the objects stay where they are.
COLUMNS = (
    Case.case_id, Case.url, Case.host, Case.title, Case.language, Case.country, Case.category, Case.risk, Case.known,
    Case.state, Case.alarm, Case.rank, Case.found_at, Case.flagged_at, Case.sealed_at, Case.drafted_at,
    Case.decided_at, Case.sent_at, Case.removed_at, Case.destroyed_at, Case.reviewer, Case.scripted, Case.updated_at,
    Case.failure, Case.incomplete, Case.mode, Case.awaits, Case.hand_over_at, Case.reappeared_at, Case.factors,
    Case.waits_since, Case.due_at, Case.copies, Case.pictures, Case.reported_at,
)  # fmt: skip
LAST_CHECK = sa.type_coerce(Case.last_check, JSONB)["outcome"].astext.label("last_check")
URGENCY = sa.type_coerce(Case.assessment, JSONB)["urgency"]["score"].astext.cast(sa.Double).label("urgency")

# Of the cases that somebody still works on.
UNPROVEN = sa.and_(
    Case.state.not_in((State.REMOVED, State.REJECTED)),
    sa.or_(sa.and_(Case.failed_at.is_not(None), Case.sealed_at.is_(None)), sa.func.cardinality(Case.incomplete) > 0),
)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """`states` empty: any. `unproven`: nothing or not everything could be captured. `further`: a further round awaits
    its verdict; `handing`: a notice is to be handed in by a person. `after`: the last row's key of the page before.
    `updated_since`: inclusive."""

    states: Sequence[State] = ()
    alarmed: bool = False
    unproven: bool = False
    further: bool = False
    handing: bool = False
    after: str | None = None
    limit: int = 100
    updated_since: datetime | None = None


@dataclass(frozen=True)
class Page:
    rows: Sequence[Row]
    next: str | None


async def page(tx: Transaction, wanted: Wanted) -> Page:
    """One query. Raises `Problem` for a key that is none."""
    statement = (
        sa.select(*COLUMNS, LAST_CHECK, URGENCY).order_by(Case.rank.desc(), Case.case_id).limit(wanted.limit + 1)
    )
    if wanted.states:
        statement = statement.where(Case.state.in_(wanted.states))
    if wanted.alarmed:
        statement = statement.where(Case.alarm.is_not(None))
    if wanted.unproven:
        statement = statement.where(UNPROVEN)
    if wanted.further:
        statement = statement.where(Case.awaits.is_not(None))
    if wanted.handing:
        statement = statement.where(Case.hand_over_at.is_not(None))
    if wanted.updated_since:
        statement = statement.where(Case.updated_at >= wanted.updated_since)
    if wanted.after:
        rank, case_id = parse_key(wanted.after)
        statement = statement.where(sa.or_(Case.rank < rank, sa.and_(Case.rank == rank, Case.case_id > case_id)))
    rows = [dict(row) for row in (await tx.execute(statement)).mappings()]
    shown = rows[: wanted.limit]
    return Page(shown, key(shown[-1]) if len(rows) > wanted.limit else None)


def key(row: Row) -> str:
    """`repr` of a float gives back the same float."""
    return f"{row['rank']!r}~{row['case_id']}"


def parse_key(text: str) -> tuple[float, UUID]:
    rank, _, case_id = text.partition("~")
    try:
        return float(rank), UUID(case_id)
    except ValueError as error:
        raise Problem(422, "bad-after", field="after") from error


async def next_waiting(tx: Transaction) -> UUID | None:
    """The case that is to be reviewed first."""
    ordered = sa.select(Case.case_id).where(Case.state == State.DRAFTED).order_by(Case.rank.desc(), Case.case_id)
    return await tx.scalar(ordered.limit(1))


async def waiting(tx: Transaction) -> int:
    """How many cases await review: from the index alone, for everybody's page asks every few seconds."""
    drafted = sa.select(sa.func.count()).select_from(Case).where(Case.state == State.DRAFTED)
    return await tx.scalar(drafted) or 0


async def figures(tx: Transaction) -> tuple[dict[str, int], dict[str, int]]:
    """How many cases are in each state; and how many, of any state, are `alarmed`, have no evidence or not all of it
    (`unproven`), wait for the verdict on a further round (`further`) or for a notice to be handed in (`handing`)."""
    columns = {
        "cases": sa.func.count(),
        "alarmed": sa.func.count(Case.alarm),
        "unproven": sa.func.count().filter(UNPROVEN),
        "further": sa.func.count(Case.awaits),
        "handing": sa.func.count(Case.hand_over_at),
    }
    named = [column.label(name) for name, column in columns.items()]
    rows = (await tx.execute(sa.select(Case.state, *named).group_by(Case.state))).mappings().all()
    by_state = {state.value: 0 for state in State} | {row["state"]: row["cases"] for row in rows}
    return by_state, {name: sum(row[name] for row in rows) for name in columns if name != "cases"}


async def counts(tx: Transaction) -> dict[str, int]:
    """How many cases are in each state."""
    rows = await tx.execute(sa.select(Case.state, sa.func.count().label("n")).group_by(Case.state))
    return {state.value: 0 for state in State} | {row["state"]: row["n"] for row in rows.mappings()}


async def alarms(tx: Transaction) -> dict[str, int]:
    rows = await tx.execute(
        sa.select(Case.alarm, sa.func.count().label("n")).where(Case.alarm.is_not(None)).group_by(Case.alarm)
    )
    return {row["alarm"]: row["n"] for row in rows.mappings()}


INTERVALS = {
    "found_to_drafted": (Case.found_at, Case.drafted_at),
    "drafted_to_decided": (Case.drafted_at, Case.decided_at),
    "decided_to_sent": (Case.decided_at, Case.sent_at),
    "sent_to_removed": (Case.sent_at, Case.removed_at),
}


async def medians(tx: Transaction) -> dict[str, float | None]:
    """Median seconds between stages, over the cases that have both."""
    columns = [
        sa.func.percentile_cont(0.5).within_group(sa.extract("epoch", end - start)).label(name)
        for name, (start, end) in INTERVALS.items()
    ]
    row = (await tx.execute(sa.select(*columns))).mappings().one()
    return {name: None if row[name] is None else float(row[name]) for name in INTERVALS}
