"""Hashes to list and pictures that show them, at chosen distances."""

from __future__ import annotations

import numpy as np
import sqlalchemy as sa

from services.classifier.hashes.changes import Author
from services.classifier.hashes.entries import Algorithm, BankHash
from shared.database import Transaction
from shared.events import ContentFound
from shared.events.examples import CAPTURE
from shared.events.values import Picture, Video
from shared.identity import case_id
from tests.support.findings import finding

ME = Author("kim", "for the test")
RNG = np.random.default_rng(11)
HASH = RNG.bytes(32)


def flipped(hash_: bytes, count: int) -> bytes:
    """So many bits differ, spread over the whole."""
    value = int.from_bytes(hash_, "big")
    for bit in range(count):
        value ^= 1 << (bit * 89 % (8 * len(hash_)))
    return value.to_bytes(len(hash_), "big")


def listed(hash_: bytes = HASH, entry: str = "k", algorithm: Algorithm = Algorithm.PDQ, **more: object) -> BankHash:
    values = {"entry": entry, "category": "stand-in", "algorithm": algorithm, "hash": hash_.hex(), **more}
    return BankHash.model_validate(values)


def shown(*turns: bytes, sha256: str = "0a" * 32, **more: object) -> Picture:
    """A picture with these hashes, as the crawler tells of it."""
    values = {
        "url": "http://board.test/a.jpg", "sha256": sha256, "bytes": 1, "pdq_quality": 100,
        "pdq_dihedral": tuple(one.hex() for one in turns), **more,
    }  # fmt: skip
    return Picture.model_validate(values)


def found(*pictures: Picture, videos: tuple[Video, ...] = (), url: str = "http://board.test/post/1") -> ContentFound:
    told = tuple(video.model_copy(update={"frames": ()}) for video in videos)
    shown_there = finding(url, pictures=pictures).model_copy(update={"videos": told})
    return ContentFound(host="board.test", finding=shown_there, text="", capture=CAPTURE, videos=videos)


async def remember(tx: Transaction, one: ContentFound) -> None:
    """As judged and not flagged."""
    finding = one.finding.model_dump_json(exclude={"title", "excerpt"})
    values = {
        "content_id": one.finding.content_id, "case_id": case_id(one.finding.url), "url": one.finding.url,
        "now": tx.clock.now(), "finding": finding, "capture": one.capture.model_dump_json(),
    }  # fmt: skip
    columns = "content_id, case_id, url, host, found_at, judged_at, risk, urgency, flagged, finding, capture, signals"
    given = ":content_id, :case_id, :url, 'board.test', :now, :now, 0, 0, false, :finding, :capture, '{}'"
    await tx.execute(sa.text(f"INSERT INTO seen ({columns}) VALUES ({given})"), values)
