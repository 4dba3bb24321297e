"""Pictures of approved cases into a bank of the agency's own, so that every further copy is known at once."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
import structlog

from services.classifier.hashes.changes import Author
from services.classifier.hashes.entries import Algorithm, BankDraft, BankHash, Source
from services.classifier.hashes.listing import list_some
from services.classifier.hashes.variants import OWN_THRESHOLD
from shared.database import Transaction
from shared.events import CaseHashed, CaseListed, CasePicture
from shared.identity import identity
from shared.notices import CASES_BANK, case_entry

log = structlog.get_logger()

DRAFT = BankDraft(
    source=Source.AGENCY, threshold=OWN_THRESHOLD, provenance="pictures of cases whose notices an official approved"
)
# A picture that so many other pages of the site showed without being flagged, and so large a part of them, is the
# site's own: a banner, a mascot, one advertisement of twenty. Listed, it would make a case of each of its pages. A
# picture that was posted a few times over is not: that would be a way to keep it from being known.
COMMON, COMMON_SHARE = 3, 0.05
LOOKED_AT = 5_000  # pages of the host, the newest: more than a board shows in the days that are remembered

_SHOWN = sa.text(
    """
    WITH page AS (SELECT content_id, finding FROM seen WHERE host = :host AND NOT flagged AND case_id <> :case_id
                  ORDER BY judged_at DESC LIMIT :most)
    SELECT picture ->> 'sha256', count(DISTINCT content_id), (SELECT count(*) FROM page)
    FROM page, jsonb_array_elements(finding -> 'pictures') AS picture
    WHERE picture ->> 'sha256' = ANY (:sha256s)
    GROUP BY 1
    """
)


async def list_case(event: CaseHashed, tx: Transaction) -> None:
    """Twice is once. What is switched off stays so. Others are told which pictures it was."""
    common = await _common(event, tx)
    left_out = [picture.number for picture in event.pictures if picture.sha256 in common]
    why = f"case {event.case_id}"
    if left_out:
        log.info("pictures that the site shows all over are not listed", case_id=str(event.case_id), numbers=left_out)
        why += f" without its pictures {', '.join(map(str, left_out))}, which the site shows all over"
    listed = tuple(picture for picture in event.pictures if picture.sha256 not in common)
    if not listed:
        return
    entries = [entry for picture in listed for entry in _entries(event, picture)]
    await list_some(tx, CASES_BANK, entries, Author("approval", why), DRAFT)
    said = CaseListed(case_id=event.case_id, category=event.category, pictures=listed, listed_at=tx.clock.now())
    tx.publish(said, id=identity("case.listed", event.case_id))


async def _common(event: CaseHashed, tx: Transaction) -> set[str]:
    given = {
        "host": event.host,
        "case_id": event.case_id,
        "most": LOOKED_AT,
        "sha256s": [picture.sha256 for picture in event.pictures],
    }
    rows: Sequence[tuple[str, int, int]] = (await tx.execute(_SHOWN, given)).all()  # type: ignore[assignment]  # SQL text
    return {sha256 for sha256, pages, of in rows if pages >= max(COMMON, COMMON_SHARE * of)}


def _entries(event: CaseHashed, picture: CasePicture) -> Iterator[BankHash]:
    name = case_entry(event.case_id, picture.number)
    yield BankHash(entry=name, category=event.category, algorithm=Algorithm.SHA256, hash=picture.sha256)
    for one in picture.variants:
        yield BankHash(
            entry=name,
            category=event.category,
            algorithm=Algorithm.PDQ,
            hash=one.pdq,
            variant=one.variant,
            phash=one.phash,
        )
