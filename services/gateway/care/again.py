"""Second looks: now and then somebody is asked what they would decide of a case that is decided already.

It is said openly that it is a second look, and never what was decided, nor whether the case is a golden one. An answer
decides nothing: it goes into the person's sealed counters, and where it differs from a real decision, the case is put
to the seniors without a name. A transaction that takes an answer may publish nothing (`silent`).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.accounts import Account
from services.gateway.care import scores
from services.gateway.care.choices import MAX_SHARE, default
from services.gateway.care.golden import Golden
from services.gateway.care.house import the_house
from services.gateway.care.ledger import mark
from services.gateway.care.serving import serving
from services.gateway.problems import Problem
from services.gateway.store import Base, Case
from services.gateway.texts import BY_POLICY
from shared.database import Database, Transaction
from shared.events import Verdict

RECENT = timedelta(days=7)  # a real decision that is older helps nobody any more
CANDIDATES = 100  # looked through for one that this person has not had
NOBODY = ""
AGREED = Golden.agreed_at.is_not(None), Golden.ended_at.is_(None)


class BlindLook(Base):
    """`look`: follows from person and case, so that nobody has a case twice. `who`: a mark of the person while the look
    waits for an answer, nothing afterwards."""

    __tablename__ = "blind_looks"

    look: Mapped[str] = mapped_column(primary_key=True)
    who: Mapped[str]
    case_id: Mapped[UUID]
    golden: Mapped[bool]
    day: Mapped[date]
    done: Mapped[bool]


class Doubt(Base):
    """A real decision that a second look would have made otherwise."""

    __tablename__ = "blind_doubts"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str]
    said: Mapped[str]
    day: Mapped[date]
    seen_by: Mapped[str | None]


@dataclass(frozen=True)
class Told:
    """What whoever answered is told, alone. `why`: of a golden case."""

    said: Verdict
    first: Verdict
    why: str

    @property
    def agreed(self) -> bool:
        return self.said == self.first


def silent(database: Database) -> Database:
    """The same database, in whose transactions no event can be published at all."""
    mute = database.scoped({})
    mute.publishes = frozenset()
    return mute


def look_of(login: str, case_id: UUID) -> str:
    return mark("look", login, case_id)


async def due(tx: Transaction, by: Account, now: datetime, random: Random) -> str | None:
    """The look that waits for this person, or by chance a new one; None most of the time, and always while they rest.
    To be asked before the next case is handed out."""
    if by.scripted:
        return None
    me, chance = mark("looks", by.login), random.random()
    waits = await _waiting(tx, me)
    if waits is None and chance >= 2 * MAX_SHARE:  # whatever the agency holds: most claims end here
        return None
    now_served = await serving(tx, by.login, now)
    if now_served.rest_until:
        return None
    if waits:
        look, category = waits
        return None if category in now_served.categories_out else look
    shares = await default(tx, by.agency)
    if chance >= shares.golden_share + shares.second_share:
        return None
    golden, out = chance < shares.golden_share, sorted(now_served.better_not)
    found = await (_golden_for(tx, by, out) if golden else _decided_for(tx, by, out, now))
    fresh = await _unseen(tx, by, found)
    if not fresh:
        return None
    case_id = random.choice(fresh)
    look = look_of(by.login, case_id)
    row = {"look": look, "who": me, "case_id": case_id, "golden": golden, "day": the_house().day(now), "done": False}
    await tx.execute(insert(BlindLook).values(row).on_conflict_do_nothing())
    return look


async def _waiting(tx: Transaction, me: str) -> tuple[str, str | None] | None:
    """The look with its category. One that nobody can answer any more waits for nobody: its evidence was destroyed, it
    is golden no more, or its case is another agency's now."""
    still = sa.exists().where(Golden.case_id == BlindLook.case_id, *AGREED)
    wanted = sa.select(BlindLook.look, Case.category).join(Case, Case.case_id == BlindLook.case_id)
    wanted = wanted.where(BlindLook.who == me, BlindLook.done.is_(False), Case.destroyed_at.is_(None))
    row = (await tx.execute(wanted.where(sa.or_(BlindLook.golden.is_(False), still)).limit(1))).first()
    return (row.look, row.category) if row else None


async def _golden_for(tx: Transaction, by: Account, out: list[str]) -> list[UUID]:
    """Those that this person had no part in."""
    wanted = (
        sa.select(Golden.case_id)
        .join(Case, Case.case_id == Golden.case_id)
        .where(
            Golden.agency == by.agency,
            *AGREED,
            Golden.category.not_in(out),
            Golden.proposed_by != by.pseudonym,
            Golden.agreed_by != by.pseudonym,
            Case.reviewer.is_distinct_from(by.pseudonym),
            Case.destroyed_at.is_(None),
        )
    )
    return list(await tx.scalars(wanted.order_by(Golden.case_id)))


async def _decided_for(tx: Transaction, by: Account, out: list[str], now: datetime) -> list[UUID]:
    """What other people, no programs and no policies, decided lately."""
    wanted = sa.select(Case.case_id).where(
        Case.agency == by.agency,
        Case.decided_at >= now - RECENT,
        Case.scripted.is_(False),
        Case.reviewer.is_distinct_from(by.pseudonym),
        ~Case.reviewer.startswith(BY_POLICY),
        Case.destroyed_at.is_(None),
        sa.func.coalesce(Case.category, "").not_in(out),
    )
    return list(await tx.scalars(wanted.order_by(Case.decided_at.desc()).limit(CANDIDATES)))


async def _unseen(tx: Transaction, by: Account, cases: list[UUID]) -> list[UUID]:
    looks = {look_of(by.login, case_id): case_id for case_id in cases}
    seen = set(await tx.scalars(sa.select(BlindLook.look).where(BlindLook.look.in_(looks))))
    return [case_id for look, case_id in looks.items() if look not in seen]


async def held(tx: Transaction, by: Account, look: str) -> tuple[BlindLook, Case]:
    """A look that waits for this person. Raises `Problem` 404: of others' looks nobody learns; 410."""
    row = await tx.get(BlindLook, look, lock=True) if "\0" not in look else None
    case = await tx.get(Case, row.case_id) if row else None
    if row is None or case is None or row.done or row.look != look_of(by.login, row.case_id):
        raise Problem(404, "no-look")
    golden = await tx.get(Golden, row.case_id) if row.golden else None
    # What one senior alone proposed anew is told nobody as the house's view.
    if case.destroyed_at or case.verdict is None or (row.golden and (golden is None or golden.state != "agreed")):
        raise Problem(410, "look-gone")
    return row, case


async def answer(tx: Transaction, by: Account, look: str, said: Verdict, now: datetime) -> Told:
    """Raises `Problem` 404 or 410. `tx` is a silent one."""
    row, case = await held(tx, by, look)
    golden = await tx.get(Golden, row.case_id) if row.golden else None
    first = Verdict(golden.verdict if golden else case.verdict or "")
    row.done, row.who = True, NOBODY
    category = case.category or "unknown"
    await scores.add(tx, by.login, by.agency, now, category=category, first=first.value, second=said.value)
    if golden is None and said != first:
        doubt = {"case_id": row.case_id, "agency": by.agency, "said": said.value, "day": the_house().day(now)}
        await tx.execute(insert(Doubt).values(doubt).on_conflict_do_nothing())
    return Told(said, first, golden.why if golden else "")


async def skip(tx: Transaction, by: Account, look: str) -> None:
    """Without a reason and without a trace in any figure."""
    row, _ = await held(tx, by, look)
    row.done, row.who = True, NOBODY


async def doubts(tx: Transaction, limit: int) -> list[Doubt]:
    return list(await tx.scalars(sa.select(Doubt).where(Doubt.seen_by.is_(None)).order_by(Doubt.day).limit(limit)))


async def attend(tx: Transaction, by: Account, case_id: UUID) -> None:
    """A senior has looked at it. Raises `Problem` 404."""
    row = await tx.get(Doubt, case_id, lock=True)
    if row is None:
        raise Problem(404, "no-case")
    row.seen_by = row.seen_by or by.pseudonym
