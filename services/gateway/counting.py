"""How many cases there are. Exactly where they are few; "more than" where counting would take as long as reading."""

from collections.abc import Mapping
from dataclasses import replace

import sqlalchemy as sa

from services.gateway.domain import State
from services.gateway.listing import Wanted, conditions
from services.gateway.store import Case
from shared.database import Transaction

COUNTED = 1_000  # from the index in under a millisecond; who has more waiting needs no exact number


async def at_most(tx: Transaction, views: Mapping[str, Wanted], agency: str) -> dict[str, int]:
    """How many cases each view has; `COUNTED` + 1 for more than that. One query."""
    counted = [_counted(replace(wanted, agency=agency)).label(name) for name, wanted in views.items()]
    return dict((await tx.execute(sa.select(*counted))).mappings().one())


def _counted(wanted: Wanted) -> sa.ColumnElement[int]:
    """The sum over its states: none of them is read further than the bound, nor is the sum told beyond it."""
    each = [_bounded(wanted, state) for state in wanted.states or (None,)]
    return sa.func.least(sum(each[1:], each[0]), COUNTED + 1)


def _bounded(wanted: Wanted, state: State | None) -> sa.ColumnElement[int]:
    some = sa.select(sa.literal(1)).select_from(Case).where(*conditions(wanted, state)).limit(COUNTED + 1)
    return sa.select(sa.func.count()).select_from(some.subquery()).scalar_subquery()


def by_state(agency: str) -> sa.Select[str, int]:
    """The agency is said again beside row-level security: the index begins with it."""
    counted = sa.select(Case.state, sa.func.count().label("n")).where(Case.agency == agency)
    return counted.group_by(Case.state)


async def counts(tx: Transaction, agency: str) -> dict[str, int]:
    """How many cases are in each state, exactly."""
    rows = await tx.execute(by_state(agency))
    return {state.value: 0 for state in State} | {row["state"]: row["n"] for row in rows.mappings()}


async def alarms(tx: Transaction, agency: str) -> dict[str, int]:
    counted = sa.select(Case.alarm, sa.func.count().label("n")).where(Case.agency == agency, Case.alarm.is_not(None))
    rows = await tx.execute(counted.group_by(Case.alarm))
    return {row["alarm"]: row["n"] for row in rows.mappings()}


NEWEST = 2_000  # that changed last: a median of so many is that of now, and costs the same at any size of the table
INTERVALS = {
    "found_to_drafted": (Case.found_at, Case.drafted_at),
    "drafted_to_decided": (Case.drafted_at, Case.decided_at),
    "decided_to_sent": (Case.decided_at, Case.sent_at),
    "sent_to_removed": (Case.sent_at, Case.removed_at),
}


async def medians(tx: Transaction, agency: str) -> dict[str, float | None]:
    """Median seconds between stages, over those of the `NEWEST` cases that have both."""
    newest = sa.select(*{moment for pair in INTERVALS.values() for moment in pair}).where(Case.agency == agency)
    recent = newest.order_by(Case.updated_at.desc(), Case.case_id.desc()).limit(NEWEST).subquery()
    columns = [
        sa.func.percentile_cont(0.5)
        .within_group(sa.extract("epoch", recent.c[end.key] - recent.c[start.key]))
        .label(name)
        for name, (start, end) in INTERVALS.items()
    ]
    row = (await tx.execute(sa.select(*columns))).mappings().one()
    return {name: None if row[name] is None else float(row[name]) for name in INTERVALS}
