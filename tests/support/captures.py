"""A flagged finding, and a capture of it, made of harmless parts."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from haetae_verify.canonical import digest
from services.evidence.capture.captured import Captured
from services.evidence.capture.work import Made, StepDone
from services.evidence.domain import Exchange, File
from services.evidence.settings import Settings
from shared.events import ContentFlagged
from shared.events.examples import EXAMPLES
from shared.events.values import Finding, Picture
from shared.identity import case_id, identity
from tests.support.pages import picture

MASTER_KEY = base64.b64encode(bytes(32)).decode()
AT = datetime(2026, 11, 22, 9, 0, 1, tzinfo=UTC)


def flagged(url: str, *pictures: tuple[str, bytes], excerpt: str = "") -> ContentFlagged:
    """The catalogue's example, of this page with these pictures (address and bytes) and this text."""
    example = EXAMPLES[ContentFlagged]
    assert isinstance(example, ContentFlagged)
    found = tuple(Picture(url=address, sha256=digest(data), bytes=len(data)) for address, data in pictures)
    finding = Finding.model_validate(
        {
            **example.finding.model_dump(),
            "url": url,
            "pictures": found,
            "excerpt": excerpt,
            "content_id": identity("content", url),
        }
    )
    return example.model_copy(update={"case_id": case_id(url), "finding": finding})


def exchange(url: str, body: bytes, status: int = 200, **headers: str) -> Exchange:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Exchange(url, status, {"user-agent": "Chrome"}, named, body, "127.77.0.3", AT)


def exchanges(url: str = "http://harbour-board.en.test/post/41") -> tuple[Exchange, Exchange]:
    """A page and a picture of it."""
    page = exchange(url, b"<p>The lantern parcel waits.</p>", content_type="text/html", content_encoding="gzip")
    return page, exchange(url + ".jpg", picture(), content_type="image/jpeg")


def captured() -> Captured:
    """A capture of three steps, one of which failed."""
    shot = picture(1280, 800)
    files = (
        File("screenshot.jpg", shot, "image/jpeg"),
        File("screenshot-blurred.jpg", picture(320, 200), "image/jpeg"),
    )
    text = File("text.txt", b"The lantern parcel", "text/plain; charset=utf-8")
    steps = (
        StepDone("render", AT, AT, Made((text,), {"scripts": True})),
        StepDone("screenshots", AT, AT + timedelta(milliseconds=300), Made(files, {"width": 1280})),
        StepDone("dns", AT, AT, Made(), "the name server does not answer"),
    )
    return Captured(started_at=AT, finished_at=AT + timedelta(seconds=1), steps=steps)


def evidence_settings(hosts: Path | None = None, env: Mapping[str, str] | None = None, **more: Any) -> Settings:
    """Settings whose addresses lead nowhere, but for those of `env` (`HAETAE_…`, as the stack gives them)."""
    given = {name.removeprefix("HAETAE_").lower(): value for name, value in (env or {}).items()}
    nowhere = dict.fromkeys(("database_url", "kafka_bootstrap", "s3_endpoint", "s3_access_key", "s3_secret_key"), "-")
    return Settings(
        **{
            **nowhere,
            "master_key": MASTER_KEY,
            "signing_key": MASTER_KEY,
            "rdap_bootstrap": "",
            **given,
            "allowed_hosts_file": hosts,
            **more,
        }
    )
