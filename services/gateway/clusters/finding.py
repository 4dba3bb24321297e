"""Which waiting cases are alike: those of one case, and where it pays to look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.gateway.claims.store import Turn
from services.gateway.clusters.marks import KINDS, kind_of
from services.gateway.clusters.store import Mark
from services.gateway.sessions import Visitor
from services.gateway.store import Case
from shared.database import Transaction

MOST = 50  # cases decided together: what somebody can still look through before confirming
LOOKED_AT = 200  # of the queue's beginning, for clusters that are worth it
SHOWN = 20  # clusters on the page


@dataclass(frozen=True)
class Cluster:
    """`lead`: its most pressing case. `kinds`: what agrees, the strongest first. `size`: at most `MOST` + 1."""

    lead: UUID
    title: str | None
    host: str | None
    kinds: Sequence[str]
    size: int


def _free(visitor: Visitor, now: Any) -> Sequence[sa.ColumnElement[bool]]:  # noqa: ANN401  # a moment, bound
    account = visitor.account
    others = sa.or_(Turn.holder.is_(None), Turn.holder == account.pseudonym, Turn.until <= now)
    return Turn.agency == account.agency, others


async def alike(tx: Transaction, visitor: Visitor, case_id: UUID) -> dict[UUID, Sequence[str]]:
    """The case itself and those that share a mark with it and that nobody else holds, the most pressing first, each
    with what agrees; `MOST` + 1 at most."""
    marks = sa.select(Mark.mark).where(Mark.case_id == case_id)
    shared = (
        sa.select(Mark.case_id, sa.func.array_agg(Mark.mark).label("marks"), Turn.rank)
        .join(Turn, Turn.case_id == Mark.case_id)
        .where(Mark.agency == visitor.account.agency, Mark.mark.in_(marks), *_free(visitor, tx.clock.now()))
        .group_by(Mark.case_id, Turn.rank)
        .order_by((Mark.case_id == case_id).desc(), Turn.rank.desc(), Mark.case_id)
        .limit(MOST + 1)
    )
    return {row["case_id"]: _kinds(row["marks"]) for row in (await tx.execute(shared)).mappings()}


async def worth_it(tx: Transaction, visitor: Visitor) -> list[Cluster]:
    """Clusters that begin among the next cases, the most pressing first."""
    free = _free(visitor, tx.clock.now())
    first = sa.select(Turn.case_id, Turn.rank).where(*free).order_by(Turn.rank.desc(), Turn.case_id).limit(LOOKED_AT)
    leads = first.subquery("leads")
    other = sa.orm.aliased(Mark)
    some = sa.select(other.case_id).where(other.agency == Mark.agency, other.mark == Mark.mark).limit(MOST + 1)
    size = sa.select(sa.func.count()).select_from(some.correlate(Mark).subquery()).scalar_subquery()
    marked = (
        sa.select(Mark.mark, Mark.case_id, size.label("size"), Case.title, Case.host)
        .join(leads, leads.c.case_id == Mark.case_id)
        .join(Case, Case.case_id == Mark.case_id)
        .order_by(leads.c.rank.desc(), Mark.case_id)
    )
    rows = [dict(row) for row in (await tx.execute(marked)).mappings() if row["size"] > 1]
    return _clusters(rows)


def _clusters(rows: Sequence[Mapping[str, Any]]) -> list[Cluster]:
    """One a mark, begun by its first case; a mark that another cluster's case brought in is that cluster."""
    found: dict[UUID, list[Mapping[str, Any]]] = {}
    taken: dict[str, UUID] = {}
    for row in rows:
        lead = taken.setdefault(row["mark"], row["case_id"])
        if lead == row["case_id"]:
            found.setdefault(lead, []).append(row)
    return [
        Cluster(
            lead, group[0]["title"], group[0]["host"], _kinds([one["mark"] for one in group]),
            max(one["size"] for one in group),
        )
        for lead, group in found.items()
    ][:SHOWN]  # fmt: skip


def _kinds(marks: Sequence[str]) -> list[str]:
    return sorted({kind_of(mark) for mark in marks}, key=KINDS.index)
