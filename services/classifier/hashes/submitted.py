"""Hashes that a person gave, computed on their own device, into the bank for their source, and out of it again."""

import sqlalchemy as sa
from pydantic import ValidationError

from services.classifier.hashes.changes import Author, next_revision
from services.classifier.hashes.entries import LONGEST_NAME, Algorithm, BankDraft, BankHash, Source
from services.classifier.hashes.listing import WITHDRAWN, list_some, withdraw_some
from services.classifier.hashes.store import BankChange
from shared.database import Transaction
from shared.events import HashSubmitted, HashWithdrawn
from shared.events.detection import SubmittedHash
from shared.events.values import MIN_PDQ_QUALITY
from shared.failures import Rejected
from shared.notices import REPORTS_BANK, SUBMISSION_DIGITS, submitted_entry

BANKS = {"victim_report": REPORTS_BANK, "agency": "agency-submissions"}
# One's own pictures are few and every match is reviewed by a person: recompression by social networks (median 34, 58 at
# most of 95 in 100) is to be met. No unrelated pair of 4.5 million was within 85 bits.
SUBMITTED_THRESHOLD = 60
TAKEN_BACK = "taken back by who submitted it"


async def list_submitted(event: HashSubmitted, tx: Transaction) -> None:
    """Rejected when none of the hashes is evidence, the pictures being so flat that unrelated ones would agree.
    What was taken back meanwhile is not listed: put back by hand, a dead letter comes later than what followed it."""
    clear = [given for given in event.hashes if given.quality is None or given.quality >= MIN_PDQ_QUALITY]
    entries = [_entry(event, given) for given in clear]
    if not entries:
        raise Rejected(f"hashes: every PDQ quality is below {MIN_PDQ_QUALITY} of 100; list the SHA-256 instead")
    bank = BANKS[event.source]
    await next_revision(tx)  # nobody takes it back between the question and the listing
    if not await _taken_back(tx, bank, _name(event)):
        await list_some(tx, bank, entries, Author(event.by, _one_line(event.reference)), _draft(event))


async def take_back(event: HashWithdrawn, tx: Transaction) -> None:
    """What of it is listed is switched off, and stays so. The bank's history keeps that also when nothing is."""
    author = Author(event.by, TAKEN_BACK)
    await withdraw_some(tx, BANKS[event.source], _name(event), author, _draft(event))


async def _taken_back(tx: Transaction, bank: str, name: str) -> bool:
    of_bank = BankChange.bank == bank, BankChange.what == WITHDRAWN
    line = sa.select(BankChange.id).where(*of_bank, BankChange.details["entry"].astext == name)
    return await tx.scalar(line.limit(1)) is not None


def _draft(event: HashSubmitted | HashWithdrawn) -> BankDraft:
    return BankDraft(
        source=Source(event.source),
        threshold=SUBMITTED_THRESHOLD,
        provenance="hashed on the device of who submitted it",
    )


def _one_line(reference: str) -> str:
    """People write what no bank takes: a wide space of Chinese characters, a line break that was copied with it."""
    return "".join(letter if letter.isprintable() else " " for letter in reference)


def _name(event: HashSubmitted | HashWithdrawn) -> str:
    return submitted_entry(_one_line(event.reference)[: LONGEST_NAME - SUBMISSION_DIGITS - 1], event.submission_id)


def _entry(event: HashSubmitted, given: SubmittedHash) -> BankHash:
    try:
        return BankHash(
            entry=_name(event),
            category=event.category,
            algorithm=Algorithm(given.algorithm),
            hash=given.hash,
            variant=given.variant,
        )
    except ValidationError as error:
        raise Rejected(f"hashes: {error.errors()[0]['msg']}") from error
