"""The tables of what cases have in common. No words and no pictures: digests, hashes, traces."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BIT, insert
from sqlalchemy.orm import Mapped, mapped_column

from services.drafter.linking.marks import ENTRY, HASH, Marks, one_operator
from services.drafter.store import Base
from shared.database import Transaction

SAME_PICTURE_BITS = 31  # PDQ's usual setting. Crops and turns of an approved case's pictures are found by their entry
COMMON_DOMAINS = 20  # what more other registered domains share is a hoster's, or a board's as it is sold
MOST_DOMAINS = 50  # that are looked at


class LinkedCase(Base):
    __tablename__ = "linked_cases"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    host: Mapped[str]
    found_at: Mapped[datetime]


class Mark(Base):
    """`kind`: hash (`value` is a SHA-256) or entry (`bank/entry`)."""

    __tablename__ = "marks"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)


class PictureHash(Base):
    """PDQ of a picture as it is."""

    __tablename__ = "picture_hashes"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    pdq: Mapped[str] = mapped_column(BIT(256), primary_key=True)


class SiteTrace(Base):
    """A trace of a registered domain, and the latest case there that showed it."""

    __tablename__ = "site_traces"

    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    domain: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]


async def keep(tx: Transaction, case_id: UUID, host: str, found_at: datetime, marks: Marks) -> None:
    """The case with its marks. Twice is once; what it shows meanwhile is added."""
    await _insert(tx, LinkedCase, [{"case_id": case_id, "host": host, "found_at": found_at}])
    values = [(HASH, value) for value in marks.digests] + [(ENTRY, value) for value in marks.entries]
    await _insert(tx, Mark, [{"case_id": case_id, "kind": kind, "value": value} for kind, value in values])
    hashes: list[dict[str, object]] = [{"case_id": case_id, "pdq": _bits(pdq)} for pdq in marks.pdqs]
    await _insert(tx, PictureHash, hashes)
    # In one order: two cases of one site, sealed at once, must not wait for each other.
    for trace in sorted(set(marks.traces), key=lambda one: (one.kind, one.value)):
        row = insert(SiteTrace).values(kind=trace.kind, value=trace.value, domain=marks.domain, case_id=case_id)
        latest = row.on_conflict_do_update(index_elements=["kind", "value", "domain"], set_={"case_id": case_id})
        await tx.execute(latest)


async def of_same_content(tx: Transaction, marks: Marks, most: int) -> dict[UUID, set[str]]:
    """Cases with one of these pictures or entries, and which: the newest, and the very first."""
    same = sa.or_(_named(HASH, marks.digests), _named(ENTRY, marks.entries))
    query = sa.select(Mark.case_id, sa.func.array_agg(Mark.kind.distinct()).label("kinds"))
    query = query.join(LinkedCase, LinkedCase.case_id == Mark.case_id).where(same).group_by(Mark.case_id)
    found: dict[UUID, set[str]] = {}
    for order in (sa.func.min(LinkedCase.found_at).desc(), sa.func.min(LinkedCase.found_at)):
        limit = most if not found else 2  # the first may be the case itself
        for row in await tx.execute(query.order_by(order, Mark.case_id).limit(limit)):
            found.setdefault(row.case_id, set()).update(row.kinds)
    for case_id in await _alike(tx, marks.pdqs, most):
        found.setdefault(case_id, set()).add(HASH)
    return found


async def of_one_operator(tx: Transaction, marks: Marks) -> dict[UUID, set[str]]:
    """By other registered domains' latest cases: the kinds of traces that both show, if these say anything."""
    kinds: dict[str, set[str]] = {}
    latest: dict[str, UUID] = {}
    for trace in set(marks.traces):
        same = (SiteTrace.kind == trace.kind, SiteTrace.value == trace.value, SiteTrace.domain != marks.domain)
        query = sa.select(SiteTrace.domain, SiteTrace.case_id).where(*same).limit(COMMON_DOMAINS + 1)
        rows = (await tx.execute(query)).all()
        if len(rows) > COMMON_DOMAINS:
            continue
        for row in rows:
            kinds.setdefault(row.domain, set()).add(trace.kind)
            latest[row.domain] = row.case_id
    found: dict[UUID, set[str]] = {}
    for domain, shown in sorted(kinds.items())[:MOST_DOMAINS]:
        if one_operator(shown):
            found.setdefault(latest[domain], set()).update(shown)
    return found


async def cases(tx: Transaction, case_ids: Collection[UUID]) -> list[LinkedCase]:
    return list(await tx.scalars(sa.select(LinkedCase).where(LinkedCase.case_id.in_(list(case_ids)))))


async def _alike(tx: Transaction, pdqs: Collection[str], most: int) -> list[UUID]:
    """The newest and the first. Every hash is compared: a million with one picture's in 0.13 s, with twelve in 0.28."""
    if not pdqs:
        return []
    near = sa.or_(
        *(
            sa.func.bit_count(PictureHash.pdq.op("#")(sa.cast(_bits(pdq), BIT(256)))) <= SAME_PICTURE_BITS
            for pdq in pdqs
        )
    )
    query = sa.select(PictureHash.case_id).join(LinkedCase, LinkedCase.case_id == PictureHash.case_id).where(near)
    newest = query.group_by(PictureHash.case_id).order_by(sa.func.min(LinkedCase.found_at).desc())
    found = list((await tx.execute(newest)).scalars())
    return found[:most] + found[-1:]


def _named(kind: str, values: Iterable[str]) -> sa.ColumnElement[bool]:
    return sa.and_(Mark.kind == kind, Mark.value.in_(list(values)))


def _bits(pdq: str) -> str:
    return f"{int(pdq, 16):0256b}"


async def _insert(tx: Transaction, table: type[Base], rows: list[dict[str, object]]) -> None:
    if rows:
        await tx.execute(insert(table).values(rows).on_conflict_do_nothing())
