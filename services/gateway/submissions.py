"""Hashes that a person gives: computed in the browser from a picture that never left the device."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway import history
from services.gateway.accounts import Account
from services.gateway.audit import HASHES_CHAIN, Action
from services.gateway.problems import Problem
from services.gateway.store import Base
from shared.database import Database, Transaction
from shared.events import HashSubmitted, SubmittedHash
from shared.events.values import MIN_PDQ_QUALITY, PdqHex, Sha256
from shared.identity import identity

MAX_PICTURES = 25  # of a submission: with 81 variants each a form of 200 KiB, of 256 that it may have
MAX_VARIANTS = 200  # of a picture
SHOWN = 20  # submissions on the page
SOURCES = ("victim_report", "agency")
# What a counsellor may say of it; the risk does not depend on it, statistics do.
CATEGORIES = ("non_consensual", "minor", "synthetic", "other")
VariantName = Annotated[str, Field(pattern=r"^[a-z0-9+-]{1,40}$")]


class HashedPicture(BaseModel):
    """`pdq`: null for a picture so flat that others would agree with it; its digest is listed alone. `variants`: PDQ
    hashes of the picture cut, turned or inverted, by what was done; of those alone that are rich enough."""

    model_config = ConfigDict(strict=True, extra="forbid")

    pdq: PdqHex | None
    quality: Annotated[int, Field(ge=0, le=100)]
    sha256: Sha256
    variants: Annotated[dict[VariantName, PdqHex], Field(max_length=MAX_VARIANTS)] = {}


class Submission(Base):
    __tablename__ = "submissions"

    submission_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    category: Mapped[str]
    reference: Mapped[str]
    pictures: Mapped[int]
    by: Mapped[str]
    submitted_at: Mapped[datetime]


class Given(BaseModel):
    """What is submitted. `submission_id` is the sender's: the same given twice is taken once. Other pictures under the
    same id (sent from a page that the browser had kept) are another submission."""

    model_config = ConfigDict(strict=True, extra="forbid")

    submission_id: Annotated[UUID, Field(strict=False)]
    source: Literal["victim_report", "agency"]
    category: Literal["non_consensual", "minor", "synthetic", "other"]
    reference: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
    pictures: Annotated[list[HashedPicture], Field(min_length=1, max_length=MAX_PICTURES)]


def read_pictures(text: str) -> list[HashedPicture]:
    """The form's field that the script filled. Raises `Problem` 422."""
    try:
        return TypeAdapter(list[HashedPicture]).validate_python(json.loads(text))
    except (ValueError, ValidationError, RecursionError) as error:
        raise Problem(422, "bad-hashes", field="pictures") from error


async def submit(database: Database, given: Given, by: Account) -> int:
    """Tell the classifiers, one event a picture; how many pictures. Given twice is no error and changes nothing."""
    submission = identity("submission", given.model_dump_json())
    async with database.transaction() as tx:
        now = tx.clock.now()
        row = insert(Submission).values(
            submission_id=submission,
            source=given.source,
            category=given.category,
            reference=given.reference,
            pictures=len(given.pictures),
            by=by.pseudonym,
            submitted_at=now,
        )
        if (await tx.execute(row.on_conflict_do_nothing().returning(Submission.submission_id))).first() is None:
            return len(given.pictures)
        for number, picture in enumerate(given.pictures, 1):
            event_id = identity("hash.submitted", submission, number)
            event = HashSubmitted(
                submission_id=event_id,
                source=given.source,
                category=given.category,
                reference=given.reference,
                hashes=hashes_of(picture),
                by=by.pseudonym,
                submitted_at=now,
            )
            tx.publish(event, id=event_id)
        details = {"submission": str(submission), "pictures": len(given.pictures), "source": given.source}
        await history.append(tx, HASHES_CHAIN, by.pseudonym, Action.HASHES_SUBMITTED, details)
    return len(given.pictures)


def hashes_of(picture: HashedPicture) -> tuple[SubmittedHash, ...]:
    exact = SubmittedHash(algorithm="sha256", hash=picture.sha256)
    if picture.pdq is None or picture.quality < MIN_PDQ_QUALITY:
        return (exact,)
    near = SubmittedHash(algorithm="pdq", hash=picture.pdq, quality=picture.quality)
    variants = (SubmittedHash(algorithm="pdq", hash=pdq, variant=name) for name, pdq in picture.variants.items())
    return exact, near, *variants


async def newest(tx: Transaction) -> Sequence[Submission]:
    return await tx.scalars(sa.select(Submission).order_by(Submission.submitted_at.desc()).limit(SHOWN))
