"""What another agency stated counts in a bank of its own, until it is dropped, in whatever order that is told."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Literal
from uuid import UUID

import pytest

from services.classifier.hashes.backwards import BackwardsMatching
from services.classifier.hashes.bank import HashBank
from services.classifier.hashes.entries import FOREIGN_THRESHOLD, BankDraft, Kind
from services.classifier.hashes.listing import list_hashes
from services.classifier.hashes.matching import Matched
from services.classifier.hashes.stated import drop_stated, list_stated
from services.classifier.hashes.store import Bank
from shared.database import Database, Transaction
from shared.events import ContentFound, StatedContact, StatedHashes, StatementDropped, StatementTaken
from shared.failures import Rejected
from shared.identity import identity
from tests.support.banks import ME, RNG, flipped, found, listed, remember, shown
from tests.support.service import envelope

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HASHES = [RNG.bytes(32) for _ in range(3)]
BANK, HARMLESS = "federation: lantern", "federation: lantern (harmless)"


def taken(
    hash_: bytes, name: str, kind: Literal["known", "harmless"] = "known", issuer: str = "lantern"
) -> StatementTaken:
    said = [{"algorithm": "pdq", "hash": hash_.hex()}, {"algorithm": "sha256", "hash": hash_[::-1].hex()}]
    return StatementTaken(
        statement_id=identity("stated", name),
        issuer=issuer,
        kind=kind,
        hashes=StatedHashes.model_validate({"category": "stand-in", "hashes": said}),
        by="kim",
        taken_at=NOW,
    )


def dropped(one: StatementTaken) -> StatementDropped:
    return StatementDropped(
        statement_id=one.statement_id,
        issuer=one.issuer,
        kind=one.kind,
        why="withdrawn",
        by=one.issuer,
        dropped_at=NOW,
    )


async def handle(database: Database, *events: StatementTaken | StatementDropped) -> None:
    for event in events:
        async with database.transaction(envelope(event)) as tx:
            await (list_stated(event, tx) if isinstance(event, StatementTaken) else drop_stated(event, tx))


async def matches(bank: HashBank, hash_: bytes) -> list[tuple[str, str]]:
    (answer,) = await bank.match([found(shown(hash_))])
    return sorted((match.bank, match.entry) for match in answer.matches)


async def test_a_statement_counts_in_a_bank_of_its_agency_within_the_bits_of_foreign_lists(
    database: Database, bank: HashBank
) -> None:
    one = taken(HASHES[0], "counts")
    await handle(database, one, one)
    assert await matches(bank, flipped(HASHES[0], FOREIGN_THRESHOLD)) == [(BANK, str(one.statement_id))]
    assert await matches(bank, flipped(HASHES[0], FOREIGN_THRESHOLD + 1)) == []
    (by_digest,) = await bank.match([found(shown(HASHES[2], sha256=HASHES[0][::-1].hex()))])
    assert [match.algorithm for match in by_digest.matches] == ["sha256"]
    async with database.transaction() as tx:
        row = await tx.get(Bank, BANK)
        assert row
        assert (row.source, row.kind, row.agency, row.shared) == ("exchange", "known", "lantern", False)
    await handle(database, taken(HASHES[0], "another's", issuer="harbour"))
    await handle(database, dropped(one))
    assert await matches(bank, HASHES[0]) == [("federation: harbour", str(identity("stated", "another's")))]


async def test_what_is_stated_harmless_is_no_match_until_it_is_dropped(database: Database, bank: HashBank) -> None:
    await list_hashes(database, "own", [listed(HASHES[0])], author=ME)
    one = taken(flipped(HASHES[0], 4), "harmless", "harmless")
    await handle(database, one)
    assert await matches(bank, flipped(HASHES[0], 4)) == []
    async with database.transaction() as tx:
        row = await tx.get(Bank, HARMLESS)
        assert row
        assert row.kind == "harmless"
    await handle(database, dropped(one))
    assert await matches(bank, flipped(HASHES[0], 4)) == [("own", "k")]


@pytest.mark.parametrize("order", sorted(set(permutations("ttdd"))))
async def test_dropped_before_or_after_it_was_taken_it_counts_no_more(
    database: Database, bank: HashBank, order: tuple[str, ...]
) -> None:
    one = taken(HASHES[1], "order")
    await handle(database, *[one if letter == "t" else dropped(one) for letter in order])
    assert await matches(bank, HASHES[1]) == []


async def test_what_was_seen_before_is_matched_too(database: Database, bank: HashBank) -> None:
    judged: list[tuple[str, ...]] = []

    async def judge(tx: Transaction, content: ContentFound, matched: Matched) -> None:
        judged.append(tuple(match.bank for match in matched.matches))

    one = found(shown(HASHES[2]))
    assert await matches(bank, HASHES[2]) == []
    async with database.transaction() as tx:
        await remember(tx, one)
    await handle(database, taken(HASHES[2], "late"))
    backwards = BackwardsMatching(bank, judge)
    while await backwards.step(database):
        pass
    assert judged == [(BANK,)]


@pytest.mark.parametrize("draft", [BankDraft(), BankDraft(kind=Kind.HARMLESS)])
async def test_it_never_mixes_with_a_bank_of_ones_own(database: Database, bank: HashBank, draft: BankDraft) -> None:
    await list_hashes(database, BANK, [listed(HASHES[0])], author=ME, draft=draft)
    one = taken(HASHES[1], "mixed")
    for event in (one, dropped(one)):
        with pytest.raises(Rejected, match="it is none of"):
            await handle(database, event)
    assert await matches(bank, HASHES[1]) == []


async def test_contacts_are_no_hashes(database: Database) -> None:
    contact = StatedContact(domain="board.test", role="site", email="abuse@board.test", known_at=NOW)
    values = {"kind": "contact", "hashes": None, "contact": contact}
    one = taken(HASHES[0], "contact").model_copy(update=values)
    await handle(database, one, dropped(one))
    async with database.transaction() as tx:
        assert await tx.get(Bank, BANK) is None
    with pytest.raises(Rejected, match="has no hashes"):
        await handle(database, one.model_copy(update={"kind": "known", "statement_id": UUID(int=7)}))
