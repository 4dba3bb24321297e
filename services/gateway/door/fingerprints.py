"""Fingerprints of a person's pictures: to the classifiers under the report's number, and out of their bank again."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.gateway.agencies.scoping import everywhere
from services.gateway.door.given import DOOR
from services.gateway.door.store import ReportRow
from services.gateway.store import Case
from services.gateway.submissions import HashedPicture, hashes_of
from shared.database import Transaction
from shared.events import HashSubmitted, HashWithdrawn, Verdict
from shared.identity import identity
from shared.notices import REPORTS_BANK, submitted_entry

SOURCE = "victim_report"


def submit(tx: Transaction, report: ReportRow, pictures: Sequence[HashedPicture]) -> None:
    for place, picture in enumerate(pictures, report.pictures + 1):
        event_id = _submission(report, place)
        event = HashSubmitted(
            submission_id=event_id,
            source=SOURCE,
            category=report.category or "other",
            reference=report.number,
            hashes=hashes_of(picture),
            by=report.submitted_by or DOOR,
            submitted_at=tx.clock.now(),
        )
        tx.publish(event, id=event_id)
    report.pictures += len(pictures)


async def take_back(tx: Transaction, report: ReportRow, actor: str) -> dict[str, int]:
    """How many were `fingerprints` taken back, and how many `kept`: an official approved a case that such a picture had
    found, and what an official confirmed nobody takes out of sight by withdrawing a report."""
    by_entry = dict(_submissions(report))
    if not by_entry:
        return {}
    kept = await _confirmed(tx, list(by_entry), report.created_at)
    for entry, submission in by_entry.items():
        if entry not in kept:
            event = HashWithdrawn(
                submission_id=submission,
                source=SOURCE,
                reference=report.number,
                by=actor,
                withdrawn_at=tx.clock.now(),
            )
            tx.publish(event, id=identity("hash.withdrawn", submission))
    return {"fingerprints": len(by_entry) - len(kept), "kept": len(kept)}


def _submissions(report: ReportRow) -> Iterator[tuple[str, UUID]]:
    """By the names under which the bank lists them."""
    for place in range(1, report.pictures + 1):
        submission = _submission(report, place)
        yield submitted_entry(report.number, submission), submission


def _submission(report: ReportRow, place: int) -> UUID:
    return identity("hash.submitted", report.report_id, place)


async def _confirmed(tx: Transaction, entries: Sequence[str], since: datetime) -> set[str]:
    """Of these those by which a case was found that was approved since then, by whichever agency. The index is that
    of when a case was updated."""
    matches = sa.type_coerce(Case.assessment, JSONB)["matches"]
    match = sa.func.jsonb_array_elements(matches).table_valued(sa.column("value", JSONB), joins_implicitly=True)
    entry = match.c.value["entry"].astext
    approved = Case.known.is_(True), Case.verdict == Verdict.APPROVED.value, Case.decided_at >= since
    listed = Case.updated_at >= since, match.c.value["bank"].astext == REPORTS_BANK, entry.in_(entries)
    async with everywhere(tx):
        return set(await tx.scalars(sa.select(entry).select_from(Case, match).where(*approved, *listed)))
