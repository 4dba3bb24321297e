"""The cases whose pictures are to be listed as known, once an official approved their notices."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from services.evidence.listing.choice import chosen
from services.evidence.store import Base
from shared.database import Transaction
from shared.events import Assessment, ReviewDecided, Verdict
from shared.events.values import Picture

# A process that died with a case in hand gives it up after that; longer than hashing all that one case may have.
LEASE = timedelta(minutes=10)
TRIES = 5


class Listing(Base):
    """`category` and `matched` (addresses of pictures that agree with a bank already) are the assessment's. `pictures`:
    those that are to be hashed, by their number; empty before the approval and when all is done. `due_at`: None then.
    """

    __tablename__ = "listings"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    category: Mapped[str]
    matched: Mapped[list[str]] = mapped_column(JSONB)
    host: Mapped[str] = mapped_column(default="")
    pictures: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    due_at: Mapped[datetime | None] = mapped_column(default=None)
    tries: Mapped[int] = mapped_column(default=0)
    listed_at: Mapped[datetime | None] = mapped_column(default=None)


async def sealed(tx: Transaction, case_id: UUID, assessment: Assessment) -> None:
    """What an approval will not tell. A case that is listed, or about to be, stays as it is."""
    matched = sorted({match.picture_url for match in assessment.matches})
    told = {"category": assessment.category, "matched": matched}
    row = insert(Listing).values(case_id=case_id, host="", pictures={}, tries=0, **told)
    unlisted = sa.and_(Listing.due_at.is_(None), Listing.listed_at.is_(None))
    await tx.execute(row.on_conflict_do_update(index_elements=["case_id"], set_=told, where=unlisted))


async def decided(tx: Transaction, event: ReviewDecided) -> None:
    """Only a person's approval lists: a policy's looked at nothing but what is known already."""
    if event.verdict is not Verdict.APPROVED or event.policy:
        return
    row = await tx.get(Listing, event.case_id, lock=True)
    if row is None or row.due_at or row.listed_at:  # not sealed by this version, or an approval of a later round
        return
    pictures = chosen(event.finding.pictures, frozenset(row.matched))
    if pictures:
        row.host, row.due_at = event.finding.site.host, tx.clock.now()
        row.pictures = {str(number): picture.model_dump(mode="json") for number, picture in pictures.items()}


async def take(tx: Transaction) -> Listing | None:
    """The next that is due, out of the reach of others for `LEASE`."""
    now = tx.clock.now()
    due = sa.select(Listing).where(Listing.due_at <= now).order_by(Listing.due_at).limit(1)
    row = next(iter(await tx.scalars(due.with_for_update(skip_locked=True))), None)
    if row is not None:
        row.due_at, row.tries = now + LEASE, row.tries + 1
    return row


async def done(tx: Transaction, case_id: UUID) -> bool:
    """False when another process was quicker."""
    row = await tx.get(Listing, case_id, lock=True)
    if row is None or row.due_at is None:
        return False
    row.due_at, row.pictures, row.listed_at = None, {}, tx.clock.now()
    return True


async def forget(tx: Transaction, case_id: UUID) -> None:
    await tx.execute(sa.delete(Listing).where(Listing.case_id == case_id))


def pictures_of(row: Listing) -> dict[int, Picture]:
    return {int(number): Picture.model_validate(picture) for number, picture in row.pictures.items()}
