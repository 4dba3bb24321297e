"""What the hosts serve: the same bytes for the same seed, in their own encodings, and in agreement with the truth."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from selectolax.lexbor import LexborHTMLParser

from sandbox.model import Finding, Kind, Status
from sandbox.phrases import phrasebook
from tests.support.sandbox import StillWorld, cue_pattern


@pytest.fixture(scope="module")
def world() -> StillWorld:
    still = StillWorld()
    still.time.advance(60)
    return still


def links(html: str) -> set[str]:
    return {href for tag in LexborHTMLParser(html).css("a[href]") if (href := tag.attributes["href"])}


def crawl(world: StillWorld, host: str) -> dict[str, str]:
    """Every page of the host that its links lead to, as a browser would read it."""
    pages: dict[str, str] = {}
    waiting = ["/"]
    charset = world.live.hosts[host].charset
    while waiting:
        target = waiting.pop()
        if target in pages or not target.startswith("/"):
            continue
        answer = world.get(host, target)
        assert answer.status == 200, target
        pages[target] = answer.body.decode(charset)
        waiting += links(pages[target])
    return pages


def test_the_same_seed_serves_the_same_bytes(world: StillWorld) -> None:
    again = StillWorld()
    again.time.advance(60)
    for host, site in world.sites.items():
        assert site.addresses() == again.sites[host].addresses()
        for target in site.addresses():
            assert world.get(host, target).body == again.get(host, target).body


def test_links_lead_to_every_post_and_nowhere_else() -> None:
    """In the default world, whose indexes have several pages."""
    world = StillWorld(scale=1.0)
    world.time.advance(60)
    for host in world.world.hosts:
        pages = crawl(world, host.name)
        assert {live.post.path for live in world.live.shown(host.name)} <= pages.keys()
        absolute = {url for html in pages.values() for url in links(html) if not url.startswith("/")}
        assert absolute == {f"http://{friend}:8080/" for friend in host.friends}


def test_pages_come_back_from_their_encoding_with_every_word(world: StillWorld) -> None:
    """A browser reads Shift_JIS as cp932 and EUC-KR as cp949: both must give the same text."""
    browsers = {"shift_jis": "cp932", "euc-kr": "cp949"}
    for live in world.live.posts.values():
        host = world.live.hosts[live.post.host]
        if live.status is not Status.UP:
            continue
        answer = world.get(host.name, live.post.path)
        text = LexborHTMLParser(answer.body.decode(browsers.get(host.charset, host.charset))).text()
        for wanted in (live.post.title, *live.post.paragraphs, *(remark.text for remark in live.post.remarks)):
            assert wanted in text
        assert "✉" in text  # what the encoding lacks is written as a character reference
        assert b"&#" not in answer.body.replace(b"&#x27;", b"").replace(b"&#9993;", b"")


def test_the_header_names_the_charset_except_where_only_the_page_does(world: StillWorld) -> None:
    for host in world.world.hosts:
        head, body = world.get(host.name, "/").head.decode(), world.get(host.name, "/").body
        assert (f"charset={host.charset}" in head) == (host.charset != "shift_jis")
        assert f'<meta charset="{host.charset}">'.encode() in body


def test_no_index_feed_or_sitemap_shows_what_only_a_post_may(world: StillWorld) -> None:
    """Else an index would have to be found too."""
    posts = {live.post.key for live in world.live.posts.values()}
    for host in world.world.hosts:
        cue = cue_pattern(phrasebook(host.language))
        for target in world.sites[host.name].addresses():
            answer = world.get(host.name, target)
            if host.name + target.partition("?")[0] in posts or b"Content-Type: image/" in answer.head:
                continue
            charset = host.charset if b"Content-Type: text/html" in answer.head else "utf-8"
            assert not cue.search(answer.body.decode(charset)), target
            assert b"/media/" not in answer.body


def test_a_gallery_shows_its_thumbnails_inside_links_to_the_posts(world: StillWorld) -> None:
    host = next(host for host in world.world.hosts if host.kind is Kind.GALLERY)
    page = LexborHTMLParser(world.get(host.name, "/").body)
    for image in page.css("main img"):
        link = image.parent
        assert link is not None
        assert (link.attributes["href"] or "").rpartition("/")[2] in (image.attributes["src"] or "")
        assert world.get(host.name, image.attributes["src"] or "").status == 200


@pytest.mark.parametrize("even", [True, False])
def test_feeds_are_xml_with_the_newest_post_first(even: bool) -> None:
    still = StillWorld(scale=1.0)
    still.time.advance(60)
    host = next(h for h in still.world.hosts if h.kind is Kind.FEED and (h.first_number % 2 == 0) is even)
    xml = ElementTree.fromstring(still.get(host.name, "/feed.xml").body)
    newest = still.live.shown(host.name)[0].post
    assert newest.appears_after_s
    first = xml.find("channel/item/link") if even else xml.find("{*}entry/{*}link")
    assert first is not None
    assert (first.text or first.attrib["href"]) == still.url(newest)
    assert b"/feed.xml" in still.get(host.name, "/").body


def test_a_post_appears_when_its_time_has_come_at_the_top_of_its_index() -> None:
    still = StillWorld()
    later = min((p for p in still.world.posts if p.appears_after_s), key=lambda p: p.appears_after_s or 0)
    assert still.get(later.host, later.path).status == 404
    before = still.get(later.host, "/").body
    still.time.advance(later.appears_after_s or 0)
    assert still.get(later.host, later.path).status == 200
    assert still.get(later.host, "/").body != before
    assert still.live.shown(later.host)[0].post == later


def test_truth_names_every_post_that_must_be_found_and_says_when_all_are_there() -> None:
    still = StillWorld()
    rows = still.truth.as_json()
    assert isinstance(rows["posts"], list)
    wanted = {post.key: post for post in still.world.posts if post.finding}
    assert {row["url"] for row in rows["posts"]} == {still.url(post) for post in wanted.values()}
    assert {row["kind"] for row in rows["posts"]} == set(Finding)
    assert (rows["complete"], rows["pending_timed"], rows["pending_reuploads"]) == (False, 14, 1)
    still.time.advance(60)
    assert still.truth.as_json()["pending_timed"] == 0
    for row in still.truth.as_json()["posts"]:  # type: ignore[attr-defined]
        host, _, path = row["url"].removeprefix("http://").partition(":8080")
        assert still.get(host, path).status == (404 if row["status"] == "hidden" else 200)
        for other in row["also_at"] if row["status"] == "up" else ():
            assert still.get(host, other.partition(":8080")[2]).status == 200


def test_unknown_addresses_are_localised_404s(world: StillWorld) -> None:
    host = world.world.hosts[0]
    answer = world.get(host.name, "/no/such")
    assert answer.status == 404
    assert "페이지를 찾을 수 없습니다" in answer.body.decode(host.charset)
