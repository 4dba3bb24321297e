"""Hash banks on a real database: what is listed, switched off or judged harmless counts at once, in every process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest
import sqlalchemy as sa

from deploy.local.access import libpq_url
from services.classifier.hashes import banks as control
from services.classifier.hashes.bank import HashBank
from services.classifier.hashes.changes import Author, NothingListed, bank_history
from services.classifier.hashes.entries import Algorithm, BankDraft, BankHash, Kind, Source
from services.classifier.hashes.listing import find_hash, list_hashes, stored, switch_hashes
from services.classifier.hashes.matching import Matched
from services.classifier.hashes.submitted import SUBMITTED_THRESHOLD, list_submitted
from shared.clock import ManualClock
from shared.database import Database
from shared.events import ContentFound, HashListed, HashSubmitted
from shared.events.detection import SubmittedHash
from shared.events.examples import CAPTURE
from shared.events.values import Frame, Picture, Video
from shared.failures import Rejected
from shared.identity import identity
from shared.outbox import OUTBOX
from tests.support.findings import finding
from tests.support.service import envelope
from tests.support.stack import Migrated

ME = Author("kim", "for the test")
OWN, FOREIGN = BankDraft(threshold=60), BankDraft(source=Source.EXCHANGE)
RNG = np.random.default_rng(11)
HASH = RNG.bytes(32)


def flipped(hash_: bytes, count: int, first: int = 0) -> bytes:
    """So many bits differ, spread over the whole."""
    value = int.from_bytes(hash_, "big")
    for bit in range(first, first + count):
        value ^= 1 << (bit * 89 % (8 * len(hash_)))
    return value.to_bytes(len(hash_), "big")


def listed(hash_: bytes = HASH, entry: str = "k", algorithm: Algorithm = Algorithm.PDQ, **more: object) -> BankHash:
    values = {"entry": entry, "category": "stand-in", "algorithm": algorithm, "hash": hash_.hex(), **more}
    return BankHash.model_validate(values)


def shown(*hashes: bytes, sha256: str = "0a" * 32, **more: object) -> Picture:
    values = {
        "url": "http://board.test/a.jpg", "sha256": sha256, "bytes": 1, "pdq_quality": 100,
        "pdq_dihedral": tuple(one.hex() for one in hashes), **more,
    }  # fmt: skip
    return Picture.model_validate(values)


def found(*pictures: Picture, videos: tuple[Video, ...] = (), url: str = "http://board.test/post/1") -> ContentFound:
    return ContentFound(
        host="board.test", finding=finding(url, pictures=pictures), text="", capture=CAPTURE, videos=videos
    )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def database(migrated: Migrated, clock: ManualClock) -> AsyncIterator[Database]:
    """As the service has it."""
    database = Database(migrated.dsn_for("classifier"), "/haetae/classifier", clock)
    yield database
    await database.close()


@pytest.fixture
async def bank(database: Database) -> AsyncIterator[HashBank]:
    async with HashBank(database, None) as bank:
        yield bank


async def match(bank: HashBank, *pictures: Picture, videos: tuple[Video, ...] = ()) -> Matched:
    (answer,) = await bank.match([found(*pictures, videos=videos)])
    return answer


async def entries_of(bank: HashBank, *pictures: Picture) -> list[str]:
    return [one.entry for one in (await match(bank, *pictures)).matches]


async def test_a_match_says_bank_entry_hash_distance_variant_category_and_source(database, bank):
    near = flipped(HASH, 7)
    await list_hashes(database, "own", [listed(variant="centre-10", phash="0f" * 8)], author=ME, draft=OWN)
    turns = [RNG.bytes(32), RNG.bytes(32), near]
    picture = shown(*turns, phash_dihedral=("00" * 8, "00" * 8, "0f" * 7 + "0e"))
    (one,) = (await match(bank, picture)).matches
    assert one.model_dump() == {
        "picture_url": picture.url, "bank": "own", "entry": "k", "algorithm": "pdq", "distance": 7,
        "variant": "centre-10, rotate180", "hash": HASH.hex(), "category": "stand-in", "source": "agency",
        "share": None, "second": 1,
    }  # fmt: skip


async def test_an_empty_bank_matches_nothing_and_keeps_what_was_seen(database, bank):
    assert await bank.match([found(), found(shown(HASH), url="http://board.test/2")]) == [Matched(), Matched()]
    async with database.transaction() as tx:
        assert (await tx.execute(sa.text("SELECT count(*) FROM seen_pictures"))).scalar() == 1
