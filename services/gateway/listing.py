"""Lists of cases in the order of review, paged by key. Each view has an index that begins with the agency and ends with
the order, so that a page costs the same whether a thousand cases are there or ten million."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import log
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.gateway.api.cursors import cursor_of, key_of, moment, number, whole
from services.gateway.claims.store import Turn
from services.gateway.domain import State
from services.gateway.queue import MOST_URGENCY
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
CLOSED = (State.REMOVED, State.REJECTED)
# Written out, not bound: only so does the planner see that the index of what waits has them all.
WAITING = Case.state == sa.literal_column(f"'{State.DRAFTED}'")
NOT_ALL_PROVED = sa.or_(
    sa.and_(Case.failed_at.is_not(None), Case.sealed_at.is_(None)),
    sa.func.cardinality(Case.incomplete) > sa.literal_column("0"),
)
# Of the cases that somebody still works on.
UNPROVEN = sa.and_(Case.state.not_in(CLOSED), NOT_ALL_PROVED)
# As the index of migration 0048 has them, so written out too.
OPEN = sa.literal_column("(CASE WHEN cases.state IN ('removed', 'rejected') THEN 0 ELSE 1 END)", sa.Integer)
SINCE = sa.func.coalesce(Case.found_at, Case.updated_at)
NEWEST_PLACE = (OPEN.label("is_open"), whole), (SINCE.label("since"), moment), (Case.case_id, UUID)
OF_LIST = ("category", "language", "country", "host")  # columns that are compared as they are

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Filters:
    """Which cases of a view; None: any. `pictures`: False for text alone. `mine`: those that this pseudonym holds."""

    category: str | None = None
    language: str | None = None
    country: str | None = None
    host: str | None = None
    known: bool | None = None
    reported: bool | None = None
    pictures: bool | None = None
    mine: str | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        exactly = {name: getattr(self, name) for name in OF_LIST}
        wanted: list[sa.ColumnElement[bool]] = [
            getattr(Case, name) == value for name, value in exactly.items() if value is not None
        ]
        if self.known is not None:
            wanted.append(Case.known.is_(True) if self.known else Case.known.is_not(True))
        if self.reported is not None:
            wanted.append(Case.reported_at.is_not(None) if self.reported else Case.reported_at.is_(None))
        if self.pictures is not None:
            wanted.append(Case.pictures > 0 if self.pictures else Case.pictures == 0)
        if self.mine is not None:
            wanted.append(Case.case_id.in_(sa.select(Turn.case_id).where(Turn.holder == self.mine)))
        return wanted


@dataclass(frozen=True)
class Wanted:
    """`states` empty: any. `unproven`: nothing or not everything could be captured. `further`: a further round awaits
    its verdict; `handing`: a notice is to be handed in by a person. `after`: `Page.next` of the page before.
    `updated_since`: inclusive. `agency`: whose; None where only one can be in sight. `newest`: what is open first, then
    the newest, in place of the order of review; of all states, or of `CLOSED`."""

    states: Sequence[State] = ()
    alarmed: bool = False
    unproven: bool = False
    further: bool = False
    handing: bool = False
    after: str | None = None
    limit: int = 100
    updated_since: datetime | None = None
    agency: str | None = None
    newest: bool = False
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True)
class Page:
    rows: Sequence[Row]
    next: str | None


async def page(tx: Transaction, wanted: Wanted) -> Page:
    """One query, `holder` with each row. Raises `Problem` for a key that is none."""
    found = (await tx.execute(ordered(wanted, tx.clock.now()))).mappings()
    rows = [dict(row) | {"urgency": urgency_of(row["factors"])} for row in found]
    shown = rows[: wanted.limit]
    place = [key.key for key, _ in NEWEST_PLACE] if wanted.newest else ["rank", "case_id"]
    following = cursor_of(*(shown[-1][key] for key in place)) if len(rows) > wanted.limit else None
    return Page(shown, following)


def ordered(wanted: Wanted, now: datetime) -> sa.Select[Any]:
    """One row more than wanted. Each state comes in order from the index, and the pages of several are merged."""
    if wanted.newest:
        return _newest(wanted, now)
    states: Sequence[State | None] = wanted.states or (None,)
    each = [_of_state(wanted, state, now).order_by(Case.rank.desc(), Case.case_id) for state in states]
    if len(each) == 1:
        return each[0]
    merged = sa.union_all(*(one.subquery().select() for one in each)).subquery()
    return sa.select(merged).order_by(merged.c.rank.desc(), merged.c.case_id).limit(wanted.limit + 1)


def _newest(wanted: Wanted, now: datetime) -> sa.Select[Any]:
    keys, kinds = [key for key, _ in NEWEST_PLACE], [kind for _, kind in NEWEST_PLACE]
    statement = _shown(wanted, None, now).add_columns(*keys[:-1])
    if wanted.states:
        statement = statement.where(sa.literal_column("0") == OPEN)
    if wanted.after:
        statement = statement.where(sa.tuple_(*keys) < sa.tuple_(*key_of(wanted.after, *kinds)))
    return statement.order_by(*(key.desc() for key in keys)).limit(wanted.limit + 1)


def _shown(wanted: Wanted, state: State | None, now: datetime) -> sa.Select[Any]:
    held = Turn.case_id == Case.case_id, Turn.until > now
    holder = sa.select(Turn.holder).where(*held).scalar_subquery().label("holder")  # looked up for what is shown only
    return sa.select(*COLUMNS, LAST_CHECK, holder).where(*conditions(wanted, state))


def _of_state(wanted: Wanted, state: State | None, now: datetime) -> sa.Select[Any]:
    statement = _shown(wanted, state, now)
    if wanted.after:
        rank, case_id = key_of(wanted.after, number, UUID)
        statement = statement.where(sa.or_(Case.rank < rank, sa.and_(Case.rank == rank, Case.case_id > case_id)))
    return statement.limit(wanted.limit + 1)


def conditions(wanted: Wanted, state: State | None) -> list[sa.ColumnElement[bool]]:
    asked = {
        Case.alarm.is_not(None): wanted.alarmed,
        UNPROVEN: wanted.unproven,
        Case.awaits.is_not(None): wanted.further,
        Case.hand_over_at.is_not(None): wanted.handing,
    }
    found = [condition for condition, applies in asked.items() if applies]
    if wanted.agency is not None:
        found.append(Case.agency == wanted.agency)
    if state is not None:
        found.append(WAITING if state is State.DRAFTED else Case.state == state)
    if wanted.updated_since:
        found.append(Case.updated_at >= wanted.updated_since)
    return [*found, *wanted.filters.conditions()]


def urgency_of(factors: Mapping[str, float] | None) -> float | None:
    """The score again, 0 to 1, from which `queue.factors` made the factor."""
    return round(log(factors["urgency"], MOST_URGENCY), 6) if factors else None


def _free() -> sa.Select[UUID]:
    ours = Turn.agency == sa.func.whose_request()  # said again beside row-level security: the index begins with it
    return sa.select(Turn.case_id).where(ours, Turn.holder.is_(None))


async def next_waiting(tx: Transaction) -> UUID | None:
    """The case that is to be reviewed first and that nobody holds."""
    return await tx.scalar(_free().order_by(Turn.rank.desc(), Turn.case_id).limit(1))


async def waiting(tx: Transaction, most: int) -> int:
    """How many cases await review and are free, `most` at most: everybody's page asks every few seconds."""
    return await tx.scalar(sa.select(sa.func.count()).select_from(_free().limit(most).subquery())) or 0


async def titles(tx: Transaction, cases: Sequence[UUID]) -> dict[UUID, str | None]:
    if not cases:
        return {}
    rows = await tx.execute(sa.select(Case.case_id, Case.title).where(Case.case_id.in_(cases)))
    return {row["case_id"]: row["title"] for row in rows.mappings()}
