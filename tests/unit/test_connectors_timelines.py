"""Timelines, outboxes, feeds and JSON listings, from peers on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.crawler.visit import Visited
from tests.support.connectors import Peer, after, posts, reading, watched
from tests.support.pages import picture
from tests.support.peers_fediverse import Fediverse

TEXT = "The lantern parcel waits at gate seven."
OUTBOX = "/users/minji/outbox"


@pytest.fixture
def fediverse() -> Fediverse:
    return Fediverse()


@pytest.fixture
async def peer(fediverse: Fediverse, tmp_path: Path) -> AsyncIterator[Peer]:
    async with reading(fediverse.app, tmp_path) as made:
        fediverse.port = made.port
        yield made


def texts(visits: list[Visited]) -> list[str]:
    return [found.text for visited in visits for found in posts(visited)]


WAYS = [
    ("mastodon", "/"),
    ("mastodon", "/api/v1/timelines/tag/lantern"),
    ("activitypub", OUTBOX),
]


@pytest.mark.parametrize(("name", "path"), WAYS)
async def test_a_public_post_is_found_with_its_text_and_pictures(
    peer: Peer, fediverse: Fediverse, name: str, path: str
) -> None:
    url = fediverse.picture(picture())
    fediverse.status(TEXT, media_attachments=[{"type": "image", "url": url}])
    (visited,) = await peer.visits(peer.begin(watched(name), path), 1)
    (found,) = posts(visited)
    assert visited.problem is None
    assert (found.finding.url, found.text) == (f"{fediverse.root}/@minji/100", TEXT)
    assert found.finding.language == "ko"
    assert [seen.url for seen in found.finding.pictures] == [url]
    assert len(found.finding.pictures[0].pdq_dihedral) == 8


@pytest.mark.parametrize(("name", "path"), WAYS)
async def test_what_came_between_two_visits_is_read_whole_and_once(
    peer: Peer, fediverse: Fediverse, name: str, path: str
) -> None:
    """More than a page of it: the visits go on where the last one stopped, also while new posts arrive."""
    fediverse.status("known")
    first = await peer.reader.read(peer.begin(watched(name), path))
    wanted = [f"post {number}" for number in range(8)]
    for text in wanted:
        fediverse.status(text)
    second = await peer.reader.read(after(first))
    fediverse.status("meanwhile")
    rest = await peer.visits(after(second), 4)
    assert sorted(texts([second, *rest])) == sorted([*wanted, "meanwhile"])


@pytest.mark.parametrize("visibility", ["unlisted", "private", "direct"])
@pytest.mark.parametrize(("name", "path"), WAYS[1:])
async def test_what_is_not_public_is_left_out(
    peer: Peer, fediverse: Fediverse, name: str, path: str, visibility: str
) -> None:
    fediverse.status("not for everybody", visibility=visibility)
    fediverse.status(TEXT)
    (visited,) = await peer.visits(peer.begin(watched(name), path), 1)
    assert texts([visited]) == [TEXT]
    assert "1 left out: not public" in (visited.problem or "")


async def test_an_edited_post_is_told_again_and_the_others_are_not(peer: Peer, fediverse: Fediverse) -> None:
    fediverse.status("one")
    edited = fediverse.status("two")
    first, last = await peer.visits(peer.begin(watched("mastodon")), 2)
    edited["content"] = "<p>two, edited</p>"
    second = await peer.reader.read(after(last))
    assert texts([second]) == ["two, edited"]
    assert {found.finding.url for found in posts(second)} <= {found.finding.url for found in posts(first)}


async def test_boosts_warnings_and_posts_of_other_servers(peer: Peer, fediverse: Fediverse) -> None:
    warned = fediverse.status(TEXT, spoiler_text="A warning", sensitive=True)
    fediverse.statuses.clear()
    fediverse.status("", reblog=warned)
    far = {"url": "https://far.test/@jun/5", "account": {"acct": "jun@far.test"}, "content": "<p>from afar</p>"}
    fediverse.status("", **far)
    (near,) = await peer.visits(peer.begin(watched("mastodon")), 1)
    assert [(found.text, found.finding.title) for found in posts(near)] == [(TEXT, "A warning")]
    (all_of,) = await peer.visits(peer.begin(watched("mastodon", {"remote": True})), 1)
    sites = {found.text: (found.finding.site.host, found.finding.site.abuse_email) for found in posts(all_of)}
    assert sites == {"from afar": ("far.test", None), TEXT: ("peer.test", None)}


async def test_a_next_page_on_another_host_is_not_followed(tmp_path: Path) -> None:
    listing = body("[]", "application/json", link='<http://elsewhere.test/x>; rel="next"')
    async with reading_with({"/api/v1/timelines/public": listing}, tmp_path) as peer:
        (visited,) = await peer.visits(peer.begin(watched("mastodon")), 1)
    assert visited.problem == "its next page is on another host: not followed"


def reading_with(routes: dict[str, Callable[[Request], Any]], folder: Path) -> Any:
    return reading(Starlette(routes=[Route(path, answer) for path, answer in routes.items()]), folder)


def body(text: str, media_type: str, asked: list[Request] | None = None, **headers: str) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        if asked is not None:
            asked.append(request)
        if headers.get("etag") and request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304)
        return Response(text, media_type=media_type, headers=headers)

    return answer


RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Lanterns
</title><item><title>One &amp; all</title><link>/p/1</link><pubDate>Thu, 01 Jan 2026 00:00:00 GMT</pubDate>
<description>&lt;p&gt;The lantern &lt;b&gt;parcel&lt;/b&gt;&lt;/p&gt;&lt;img src="/a.jpg"&gt;</description>
<enclosure url="/b.jpg" type="image/jpeg" length="1"/><media:content url="/c.mp3" type="audio/mpeg"/></item>
<item><title>Elsewhere</title><link>https://far.test/p/2</link><description>Not of this site</description></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Lanterns</title><entry><id>tag:peer.test,2026:1</id>
<title>One &amp;amp; all</title><link href="/p/1"/><link rel="enclosure" type="image/jpeg" href="/b.jpg"/>
<updated>2026-01-01T00:00:00Z</updated><content type="html">&lt;p&gt;The lantern &lt;b&gt;parcel&lt;/b&gt;&lt;/p&gt;
&lt;img src="/a.jpg"&gt;</content></entry></feed>"""
JSON_FEED = """{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "url": "/p/1", "title":
"One & all", "content_html": "<p>The lantern <b>parcel</b></p><img src='/a.jpg'>", "date_published":
"2026-01-01T00:00:00Z",
"attachments": [{"url": "/b.jpg", "mime_type": "image/jpeg"}, {"url": "/c.mp3", "mime_type": "audio/mpeg"}]}]}"""


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("feed", RSS, "application/rss+xml"),
        ("feed", ATOM, "application/atom+xml"),
        ("json:jsonfeed", JSON_FEED, "application/feed+json"),
    ],
    ids=["rss", "atom", "json"],
)
async def test_items_of_feeds_are_content(tmp_path: Path, name: str, text: str, kind: str) -> None:
    shown = dict.fromkeys(("/a.jpg", "/b.jpg"), body_of_picture)
    async with reading_with({"/feed": body(text, kind), **shown}, tmp_path) as peer:
        first, second = await peer.visits(peer.begin(watched(name), "/feed"), 2)
        (found,) = posts(first)
        assert found.finding.url == peer.url("/p/1")
        assert (found.finding.title, found.text) == ("One & all", "The lantern parcel")
        assert {seen.url for seen in found.finding.pictures} == {peer.url("/a.jpg"), peer.url("/b.jpg")}
        assert found.published_at
        assert not second.found
        assert found.audio == (() if "atom" in kind else (peer.url("/c.mp3"),))
        assert ("1 left out" in (first.problem or "")) == ("rss" in kind)


async def test_a_paged_feed_is_read_to_what_is_known(tmp_path: Path) -> None:
    """RFC 5005."""
    older = ATOM.replace("/p/1", "/p/0").replace("/a.jpg", "/b.jpg")
    routes = {
        "/feed": body(ATOM.replace("<entry>", '<link rel="next" href="/feed/2"/><entry>', 1), "application/atom+xml"),
        "/feed/2": body(older, "application/atom+xml"),
        **dict.fromkeys(("/a.jpg", "/b.jpg"), body_of_picture),
    }
    async with reading_with(routes, tmp_path) as peer:
        visits = await peer.visits(peer.begin(watched("feed"), "/feed"), 3)
        assert [[found.finding.url for found in posts(visit)] for visit in visits] == [
            [peer.url("/p/1")],
            [peer.url("/p/0")],
            [],
        ]


async def body_of_picture(request: Request) -> Response:
    return Response(picture(), media_type="image/jpeg")


async def test_a_listing_that_did_not_change_is_not_sent_again(tmp_path: Path) -> None:
    asked: list[Request] = []
    text = ATOM.replace("a.jpg", "none").replace('rel="enclosure"', 'rel="none"').replace("&lt;img", "")
    async with reading_with({"/feed": body(text, "application/atom+xml", asked, etag='"1"')}, tmp_path) as peer:
        visits = await peer.visits(peer.begin(watched("feed"), "/feed"), 3)
    assert [len(posts(visit)) for visit in visits] == [1, 0, 0]
    assert [visit.status for visit in visits] == [200, 304, 304]
    assert [request.headers.get("if-none-match") for request in asked] == [None, '"1"', '"1"']


async def test_robots_txt_is_obeyed_on_pages_for_people(tmp_path: Path) -> None:
    asked: list[Request] = []
    routes = {
        "/robots.txt": body("User-agent: *\nDisallow: /feed", "text/plain"),
        "/feed": body(ATOM, "application/atom+xml", asked),
    }
    async with reading_with(routes, tmp_path) as peer:
        (visited,) = await peer.visits(peer.begin(watched("feed"), "/feed"), 1)
    assert asked == []
    assert "robots.txt asks us to stay away" in (visited.problem or "")


@pytest.mark.parametrize(
    ("text", "said"),
    [("[" * 1_000_000, "nested too deeply"), ("[" + "0," * 1_500_000 + "0]", "larger than"), ("<html>", "is no JSON")],
    ids=["deep", "large", "a page"],
)
async def test_a_hostile_listing_is_a_named_problem(tmp_path: Path, text: str, said: str) -> None:
    async with reading_with({"/feed": body(text, "application/json")}, tmp_path) as peer:
        visited = await peer.reader.read(peer.begin(watched("json:jsonfeed"), "/feed"))
    assert said in (visited.problem or "")
    assert visited.failures == 1
