"""Hashes that a person gave, computed on their own device, into the bank for their source."""

from pydantic import ValidationError

from services.classifier.hashes.changes import Author
from services.classifier.hashes.entries import LONGEST_NAME, Algorithm, BankDraft, BankHash, Source
from services.classifier.hashes.listing import list_some
from shared.database import Transaction
from shared.events import HashSubmitted
from shared.events.detection import SubmittedHash
from shared.events.values import MIN_PDQ_QUALITY
from shared.failures import Rejected
from shared.notices import REPORTS_BANK

BANKS = {"victim_report": REPORTS_BANK, "agency": "agency-submissions"}
# One's own pictures are few and every match is reviewed by a person: recompression by social networks (median 34, 58 at
# most of 95 in 100) is to be met. No unrelated pair of 4.5 million was within 85 bits.
SUBMITTED_THRESHOLD = 60
ID_DIGITS = 8


async def list_submitted(event: HashSubmitted, tx: Transaction) -> None:
    """Rejected when none of the hashes is evidence, the pictures being so flat that unrelated ones would agree."""
    clear = [given for given in event.hashes if given.quality is None or given.quality >= MIN_PDQ_QUALITY]
    entries = [_entry(event, given) for given in clear]
    if not entries:
        raise Rejected(f"hashes: every PDQ quality is below {MIN_PDQ_QUALITY} of 100; list the SHA-256 instead")
    draft = BankDraft(
        source=Source(event.source),
        threshold=SUBMITTED_THRESHOLD,
        provenance="hashed on the device of who submitted it",
    )
    await list_some(tx, BANKS[event.source], entries, Author(event.by, _one_line(event.reference)), draft)


def _one_line(reference: str) -> str:
    """People write what no bank takes: a wide space of Chinese characters, a line break that was copied with it."""
    return "".join(letter if letter.isprintable() else " " for letter in reference)


def _entry(event: HashSubmitted, given: SubmittedHash) -> BankHash:
    # A report may be of several pictures.
    name = f"{_one_line(event.reference)[: LONGEST_NAME - ID_DIGITS - 1]}/{str(event.submission_id)[:ID_DIGITS]}"
    try:
        return BankHash(
            entry=name,
            category=event.category,
            algorithm=Algorithm(given.algorithm),
            hash=given.hash,
            variant=given.variant,
        )
    except ValidationError as error:
        raise Rejected(f"hashes: {error.errors()[0]['msg']}") from error
