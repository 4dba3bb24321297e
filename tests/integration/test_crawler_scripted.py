"""The whole crawler on a site whose pages only scripts write: found, told as rendered, and learned of."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.crawler.app import app
from services.crawler.registry.sites import import_sites, parse_sites
from services.crawler.settings import Settings
from shared.bus.memory import MemoryBroker
from shared.database import Database
from shared.events import ContentFound
from shared.events.envelope import decode
from tests.support.pages import HOST, Site, site
from tests.support.poll import eventually
from tests.support.service import running
from tests.support.stack import Migrated

TEXT = "The lantern parcel waits at gate seven, bring the blue token before the evening bell number"
POSTS = 4
SHELL = "<!doctype html><title>Board</title><div id=root></div><script src=/app.js></script>"
APP = """
const part = location.pathname.split("/").pop();
const link = n => `<p><a href="/post/${n}">Post ${n}</a></p>`;
fetch("/api/" + (part || "list") + ".json").then(answer => answer.json()).then(given => {
  root.innerHTML = given.text ? `<h1>${given.title}</h1><p>${given.text}</p>` : given.posts.map(link).join("");
});
"""


async def post(request: Request) -> Response:
    number = request.url.path.rpartition("/")[2].removesuffix(".json")
    return JSONResponse({"title": f"Post {number}", "text": f"{TEXT} {number}."})


def scripted(web: Site) -> None:
    web.pages["/"] = Response(SHELL, media_type="text/html")
    web.pages["/app.js"] = Response(APP, media_type="text/javascript")
    web.pages["/api/list.json"] = JSONResponse({"posts": list(range(POSTS))})
    for number in range(POSTS):
        web.pages[f"/post/{number}"] = Response(SHELL, media_type="text/html")
        web.pages[f"/api/{number}.json"] = post


async def test_a_site_that_only_scripts_write(migrated: Migrated, tmp_path: Path) -> None:
    dsn = migrated.dsn_for("crawler")
    broker, database = MemoryBroker(), Database(dsn, "/haetae/crawler")
    async with site(tmp_path) as web:
        scripted(web)
        lines = ["url,name,requests_per_second,revisit_seconds", f"{web.url('/')},Board,200,600"]
        sites, problems = parse_sites(lines, "csv")
        assert not problems
        await import_sites(database, sites)
        settings = Settings.model_validate(
            {"database_url": dsn, "kafka_bootstrap": "unused", "allowed_hosts_file": str(web.hosts)}
        )

        def found() -> list[ContentFound]:
            records = [record for log in broker.logs(ContentFound.topic.name) for record in log]
            events = [decode(record.value, dict(record.headers)).event for record in records]
            return [event for event in events if isinstance(event, ContentFound)]

        async with running(app(settings), broker, database, drain_seconds=5):
            await eventually(lambda: len(found()) == POSTS, 40)
    assert {event.finding.url for event in found()} == {web.url(f"/post/{number}") for number in range(POSTS)}
    assert all(event.rendered and TEXT in event.text for event in found())
    assert web.paths().count("/app.js") == 1
    async with database.transaction() as tx:
        assert (await tx.execute(sa.text("SELECT renders FROM sites WHERE host = :host"), {"host": HOST})).scalar_one()
    await database.close()
