"""What somebody reported, through real crawler and classifier: it becomes a case, wherever it leads and whatever models
think of it; what cannot be reached is told of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

import pytest

from services.classifier.app import app as classifier
from services.crawler.app import app as crawler
from services.crawler.frontier import reported
from services.crawler.settings import Settings
from services.crawler.visits import visiting
from shared.bus.memory import MemoryBroker
from shared.database import Database
from shared.events import ContentFlagged, ContentFound, Event, PageReported, PageUnreached, ReportSource
from shared.events.envelope import decode
from shared.identity import case_id
from tests.support.classifier import PLAIN
from tests.support.classifier import settings as classifier_settings
from tests.support.poll import eventually
from tests.support.raw_server import RawServer, plain, raw_server
from tests.support.service import record, running
from tests.support.stack import Migrated

ADDRESS = "127.78.0.21"
# Each address has its own, since a host that nobody lists is asked once a second.
HOSTS = [f"board-{n}.test" for n in range(10)]
HTML = "Content-Type: text/html; charset=utf-8"
HOPS = 1  # that are followed: each takes a visit
E = TypeVar("E", bound=Event)


@dataclass
class Loop:
    server: RawServer
    broker: MemoryBroker

    def url(self, path: str, host: int = 0) -> str:
        return f"http://{HOSTS[host]}:{self.server.port}{path}"

    def serve(self, path: str, text: str = PLAIN) -> None:
        body = f"<html lang=en><title>Museum</title><body><main><p>{text}</p></main></body></html>"
        self.server.answers[path] = plain(body.encode(), HTML)

    def leads(self, path: str, to: str) -> None:
        self.server.answers[path] = plain(b"", f"Location: {to}", status="301 Moved Permanently")

    async def report(self, url: str, category: str = "") -> UUID:
        report = uuid4()
        event = PageReported(
            case_id=case_id(url),
            report_id=report,
            url=url,
            source=ReportSource.VICTIM,
            category=category,
            reported_at=datetime.now(UTC),
        )
        await self.broker.produce([record(event)])
        return report

    def told(self, kind: type[E]) -> list[E]:
        records = [one for log in self.broker.topics.get(kind.topic.name, ()) for one in log]
        events = [decode(one.value, dict(one.headers)).event for one in records]
        return [event for event in events if isinstance(event, kind)]

    async def flagged(self, report: UUID) -> ContentFlagged:
        await eventually(lambda: any(report in one.reports for one in self.told(ContentFlagged)))
        return next(one for one in self.told(ContentFlagged) if report in one.reports)

    async def unreached(self, report: UUID) -> PageUnreached:
        await eventually(lambda: any(one.report_id == report for one in self.told(PageUnreached)))
        return next(one for one in self.told(PageUnreached) if one.report_id == report)


@pytest.fixture
async def loop(
    migrated: Migrated, tmp_path: Path, text_model: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Loop]:
    """Both services on one broker."""
    for module in (reported, visiting):
        monkeypatch.setattr(module, "MOST_HOPS", HOPS)
    hosts = tmp_path / "hosts"
    hosts.write_text(f"{ADDRESS} {' '.join(HOSTS)}\n")
    given = {"database_url": migrated.dsn_for("crawler"), "kafka_bootstrap": "unused", "allowed_hosts_file": str(hosts)}
    broker = MemoryBroker()
    async with (
        raw_server(ADDRESS) as server,
        database(migrated, "crawler") as crawling,
        database(migrated, "classifier") as classifying,
        running(crawler(Settings.model_validate(given)), broker, crawling, drain_seconds=1),
        running(classifier(classifier_settings(migrated, text_model)), broker, classifying, drain_seconds=1),
    ):
        yield Loop(server, broker)


@asynccontextmanager
async def database(migrated: Migrated, service: str) -> AsyncIterator[Database]:
    opened = Database(migrated.dsn_for(service), f"/haetae/{service}")
    yield opened
    await opened.close()


async def test_what_is_reported_is_a_case_wherever_it_leads_or_it_is_told_why_not(loop: Loop) -> None:
    """One pass over: harmless text, reported twice, a redirect to another host, a page that only lists others; gone,
    too many redirects, private addresses, an unknown name."""
    loop.serve("/plain")
    loop.serve("/there", PLAIN.replace("museum", "harbour"))
    loop.leads("/short", loop.url("/there", 2))
    loop.serve("/list", "".join(f'<a href="/post/{n}">Post {n}</a> ' for n in range(9)))
    loop.server.answers["/gone"] = plain(b"<p>Not here</p>", HTML, status="410 Gone")
    for hop in range(HOPS + 1):
        loop.leads(f"/round/{hop}", loop.url(f"/round/{hop + 1}", 5 + hop))
    loop.leads("/inside", "http://127.0.0.1/private")
    cases: list[tuple[str, bool, Callable[[str], bool]]] = [
        (loop.url("/gone", 4), True, lambda said: "410" in said),
        (loop.url("/round/0", 7), True, lambda said: "redirects" in said),
        (loop.url("/inside", 8), True, lambda said: "127.0.0.1" in said),
        ("http://127.0.0.1/private", True, lambda said: "127.0.0.1" in said),
        ("http://169.254.169.254/latest", True, bool),
        ("http://nobody.invalid/", False, bool),
    ]
    first = await loop.report(loop.url("/plain"), "synthesised")
    moved, listed = await loop.report(loop.url("/short", 1)), await loop.report(loop.url("/list", 3))
    missed = [await loop.report(url) for url, _, _ in cases]

    flagged = await loop.flagged(first)
    assert flagged.case_id == case_id(loop.url("/plain"))
    assert flagged.assessment.category == "synthesised"
    assert flagged.assessment.risk.components["reported"] == 0.5
    assert "reported" in {reason.code for reason in flagged.assessment.reasons}
    again = await loop.report(loop.url("/plain"))
    assert (await loop.flagged(again)).case_id == flagged.case_id, "unchanged pages are told to whoever asks next"
    assert (await loop.flagged(moved)).finding.url == loop.url("/there", 2)
    assert (await loop.flagged(listed)).finding.url == loop.url("/list", 3)

    for report, (url, final, said) in zip(missed, cases, strict=True):
        told = await loop.unreached(report)
        assert (told.url, told.case_id, told.final) == (url, case_id(url), final), told
        assert said(told.problem), told.problem
    asked = {report for one in loop.told(ContentFound) for report in one.reports}
    assert asked == {first, again, moved, listed}
    assert all(one.reports for one in loop.told(ContentFound)), "nothing is visited that nobody asked for"
