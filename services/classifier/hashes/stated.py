"""Hashes that another agency stated and two persons accepted here, into a bank of its own, and out of it again."""

import sqlalchemy as sa
from pydantic import ValidationError

from services.classifier.hashes.changes import Author, next_revision
from services.classifier.hashes.entries import FOREIGN_THRESHOLD, Algorithm, BankDraft, BankHash, Kind, Source
from services.classifier.hashes.listing import WITHDRAWN, list_some, withdraw_some
from services.classifier.hashes.store import Bank, BankChange
from shared.database import Transaction
from shared.events import StatedHashes, StatementDropped, StatementTaken
from shared.failures import Rejected
from shared.notices import federation_bank

HASHES = frozenset(Kind)  # which kinds of statements are of hashes


async def list_stated(event: StatementTaken, tx: Transaction) -> None:
    """Twice is once. What was dropped meanwhile is not listed: a dead letter that is put back comes later than what
    followed it. Rejected when a bank of that name is not the agency's: nothing of one's own mixes with it."""
    if event.kind not in HASHES:
        return
    if event.hashes is None:
        raise Rejected(f"statement {event.statement_id} of {event.issuer}: it is {event.kind} and has no hashes")
    await next_revision(tx)  # nobody drops it between the question and the listing
    bank = await _bank(event, tx)
    if not await _dropped(tx, bank, str(event.statement_id)):
        entries = _entries(event, event.hashes)
        await list_some(tx, bank, entries, Author(event.by, f"stated by {event.issuer}"), _draft(event))


async def drop_stated(event: StatementDropped, tx: Transaction) -> None:
    """What of it is listed is switched off, and stays so, also when it is told before it was taken."""
    if event.kind not in HASHES:
        return
    await next_revision(tx)
    bank, entry = await _bank(event, tx), str(event.statement_id)
    if not await _dropped(tx, bank, entry):
        await withdraw_some(tx, bank, entry, Author(event.by, event.why), _draft(event))


async def _bank(event: StatementTaken | StatementDropped, tx: Transaction) -> str:
    name = federation_bank(event.issuer, harmless=event.kind == "harmless")
    there = await tx.get(Bank, name)
    if there and (there.source, there.agency, there.kind) != (Source.EXCHANGE, event.issuer, event.kind):
        raise Rejected(
            f"bank {name!r}: it is none of {event.issuer}'s {event.kind} hashes; take them out under its name"
        )
    return name


async def _dropped(tx: Transaction, bank: str, entry: str) -> bool:
    line = BankChange.bank == bank, BankChange.what == WITHDRAWN, BankChange.details["entry"].astext == entry
    return await tx.scalar(sa.select(BankChange.id).where(*line).limit(1)) is not None


def _draft(event: StatementTaken | StatementDropped) -> BankDraft:
    return BankDraft(
        source=Source.EXCHANGE,
        kind=Kind(event.kind),
        agency=event.issuer,
        threshold=FOREIGN_THRESHOLD,
        provenance=f"signed statements of {event.issuer}; an entry is the id of its statement",
    )


def _entries(event: StatementTaken, said: StatedHashes) -> list[BankHash]:
    try:
        return [
            BankHash(
                entry=str(event.statement_id),
                category=said.category,
                algorithm=Algorithm(one.algorithm),
                hash=one.hash,
            )
            for one in said.hashes
        ]
    except ValidationError as error:
        raise Rejected(f"statement {event.statement_id}: {error.errors()[0]['msg']}") from error
