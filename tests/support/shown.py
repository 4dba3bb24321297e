"""A capture made for a test, and ways to look into it."""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from services.evidence.capture import plan
from services.evidence.capture.browser import Browser
from services.evidence.capture.captured import Captured
from services.evidence.capture.capturing import Capture
from services.evidence.capture.work import Step
from shared.clock import SystemClock
from shared.net import Fetcher
from tests.support.captures import evidence_settings, flagged
from tests.support.pages import Site

# They ask others, or look at what those answered.
ASKING = frozenset({"second", "tls", "dns", "rdap", "elsewhere", "conditions", "compare"})
PAGE = tuple(step for step in plan.PLAN if step.name not in ASKING)


@dataclass(frozen=True)
class Seen:
    captured: Captured

    @property
    def files(self) -> Mapping[str, bytes]:
        return {file.name: file.data for file in self.captured.files}

    @property
    def text(self) -> str:
        return self.files["text.txt"].decode()

    def facts(self, step: str) -> Any:
        return json.loads(self.files[f"step-{step}.json"])["facts"]

    @property
    def pictures(self) -> list[dict[str, Any]]:
        return list(self.facts("media")["pictures"])

    @property
    def refused(self) -> Mapping[str, str]:
        return {item["url"]: item["reason"] for item in self.facts("requests")["refused"]}

    def responses(self) -> Mapping[str, bytes]:
        """Of the web archive, by address."""
        with zipfile.ZipFile(io.BytesIO(self.files["page.wacz"])) as packed:
            name = next(name for name in packed.namelist() if name.endswith(".warc.gz"))
            stream = ArchiveIterator(io.BytesIO(packed.read(name)), check_digests="raise")
            return {
                record.rec_headers.get_header("WARC-Target-URI"): record.content_stream().read()
                for record in stream
                if record.rec_type == "response"
            }


@dataclass(frozen=True)
class Camera:
    """`await camera(url, *pictures)`."""

    capture: Capture

    async def __call__(self, url: str, *pictures: tuple[str, bytes], excerpt: str = "") -> Seen:
        return Seen(await self.capture(flagged(url, *pictures, excerpt=excerpt)))


@asynccontextmanager
async def camera(browser: Browser, web: Site, plan: Sequence[Step] = PAGE, **settings: Any) -> AsyncIterator[Camera]:
    given = evidence_settings(web.hosts, **settings)
    async with Fetcher(given) as fetcher, Capture(fetcher, browser, given, SystemClock(), plan) as capture:
        yield Camera(capture)
