"""Findings, pictures and sites as the crawler makes them, for tests of whoever looks at them."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import numpy as np
from PIL import Image

from services.crawler.domain import PageKind
from services.crawler.pictures.decoding import look_at_picture
from services.crawler.pictures.seen import picture_of
from services.crawler.visit import Known, Watched
from shared.events.values import Finding, Picture, Site, SiteKind
from shared.identity import identity
from shared.prints.digests import digests

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = (
    "The lantern parcel waits at gate seven. Bring the blue token before the evening bell, and leave the grey umbrella "
    "with the gardener, who knows where the second ladder stands."
)
SITE = Site(host="board.test", name="Board", kind=SiteKind.BOARD, language="en")


def picture_file(seed: int = 1, size: int = 256, quality: int = 90, format: str = "JPEG") -> bytes:
    """A procedural picture with strong large shapes, so that its PDQ quality is high."""
    coarse = np.random.default_rng(seed).integers(0, 255, (20, 20, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC).save(out, format, quality=quality)
    return out.getvalue()


def picture(url: str = "http://board.test/a.jpg", **kind: int) -> Picture:
    return describe(url, picture_file(**kind))


def describe(url: str, body: bytes) -> Picture:
    """As the crawler does, without the guarded child."""
    return picture_of(url, digests(body), len(body), look_at_picture(body))


def finding(url: str = "http://board.test/post/1", text: str = TEXT, pictures: tuple[Picture, ...] = ()) -> Finding:
    return Finding(
        content_id=identity("content", url, text),
        url=url,
        site=SITE,
        title="Title",
        language="en",
        excerpt=text,
        pictures=pictures,
        found_at=NOW,
    )


def known(url: str = "http://board.test/post/1", site: Site = SITE, **more: object) -> Known:
    values: dict[str, object] = {
        "url": url, "kind": PageKind.UNKNOWN, "next_at": NOW - timedelta(seconds=1), "interval_s": 0.0,
        "last_digest": None, "etag": None, "last_modified": None, "failures": 0,
        "watched": Watched(site, 1_000.0, 10.0, False), **more,
    }  # fmt: skip
    return Known(**values)  # type: ignore[arg-type]
