"""Where a listing goes on, what a search found, what feeds and sitemaps lead to, and what needs a browser."""

import gzip
import json

import pytest

from services.crawler.pages.feeds import is_feed, read_feed
from services.crawler.pages.listings import discovered
from services.crawler.pages.reading import read_html
from shared.spoken import by_script, by_words
from tests.support.findings import TEXT

URL = "http://a.test/board?page=3&id=lantern"


def test_the_next_page_comes_first_and_the_earlier_ones_not_at_all() -> None:
    pages = "".join(f"<a href='?page={n}&id=lantern'>{n}</a>" for n in (1, 2, 3, 4, 5, 10))
    other = "<a href='?page=4&id=other'>x</a><a href=/board/page/9>y</a><a href=/p/9>z</a>"
    page = read_html(pages + other, URL)
    assert page.next_pages == tuple(f"http://a.test/board?page={n}&id=lantern" for n in (4, 5, 10))
    declared = read_html(f"<link rel=next href='?page=4&id=lantern&s=x'>{pages}", URL)
    assert declared.next_pages[0] == "http://a.test/board?page=4&id=lantern&s=x"


@pytest.mark.parametrize(
    ("url", "link", "goes_on"),
    [
        ("http://a.test/b/", "/b/page/2", True),
        ("http://a.test/b/page/2/", "/b/page/3/", True),
        ("http://a.test/b", "/b?p=2", True),
        ("http://a.test/s?q=lantern", "?q=lantern&start=10", True),
        ("http://a.test/s?q=lantern&start=10", "?q=lantern", False),
        ("http://a.test/s?q=lantern", "?q=parcel&start=10", False),
        ("http://a.test/b/7", "/b/8", False),
        ("http://a.test/b", "http://b.test/b?page=2", False),
    ],
)
def test_how_pages_are_numbered(url: str, link: str, goes_on: bool) -> None:
    assert bool(read_html(f"<a href='{link}'>2</a>", url).next_pages) is goes_on


def test_results_of_a_search_are_found_behind_its_counter() -> None:
    links = (
        "http://a.test/about", "http://b.test/1", "http://a.test/url?q=http%3A%2F%2Fc.test%2F2%3Fx%3D1&sa=U",
        "http://a.test/l/?uddg=https://d.test/", "http://a.test/url?q=http://a.test/inside", "http://a.test/?q=lantern",
    )  # fmt: skip
    assert discovered("http://a.test/s", links) == ("http://b.test/1", "http://c.test/2?x=1", "https://d.test/")


def test_a_json_feed_leads_to_its_items() -> None:
    items = [{"url": "/1"}, {"external_url": "http://b.test/2"}, {"id": "3"}, "x", {"url": 7}]
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": items, "next_url": "/feed?p=2"}
    body = json.dumps(feed).encode()
    assert is_feed(body, "application/json")
    assert is_feed(body, "application/feed+json; charset=utf-8")
    assert not is_feed(b'{"items": []}', "application/json")
    assert read_feed(body, "", URL) == ("http://a.test/1", "http://b.test/2", "http://a.test/feed?p=2")


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"items": {}}', b'{"items": [null]}', b'{"a":' * 100_000])
def test_no_json_breaks_the_reader(body: bytes) -> None:
    assert read_feed(body, "application/feed+json", URL) == ()


def test_a_packed_sitemap_and_a_plain_one() -> None:
    sitemap = b"<urlset>" + b"".join(b"<url><loc>http://a.test/%d</loc></url>" % n for n in range(300)) + b"</urlset>"
    packed = gzip.compress(sitemap)
    assert is_feed(packed, "application/octet-stream")
    assert read_feed(packed, "application/gzip", URL)[:2] == ("http://a.test/0", "http://a.test/1")
    assert len(read_feed(packed[: len(packed) // 2], "application/gzip", URL)) < 300  # what is there of it
    plain = b"\n".join(b"http://a.test/%d" % n for n in range(300))
    assert is_feed(plain, "text/plain")
    assert len(read_feed(plain, "text/plain", URL)) == 300
    assert not is_feed(b"http://a.test/1\nis where the lantern parcel waits", "text/plain")


def test_a_packed_bomb_is_read_to_its_bound() -> None:
    bomb = gzip.compress(b" " * 60_000_000)
    assert read_feed(bomb, "application/gzip", URL) == ()


@pytest.mark.parametrize(
    ("body", "needs"),
    [
        ("<div id=root></div><script src=/app.js></script>", True),
        ("<div id=app><p>Loading…</p></div><script>x</script>", True),
        ("<noscript>You need to enable JavaScript to run this app.</noscript><script src=/a.js></script>", True),
        ("<noscript>자바스크립트를 켜 주세요</noscript><script src=/a.js></script>", True),
        ("<p>この サイトは JavaScript を有効にしてください</p><script src=/a.js></script>", True),
        ("<div id=root></div>", False),
        (f"<div id=root><p>{TEXT} {TEXT}</p></div><script src=/app.js></script>", False),
        ("<div id=app><img src=/1.jpg><img src=/2.jpg><img src=/3.jpg></div><script>x</script>", False),
        ("<noscript><img src=/count.gif></noscript><p>A short note.</p><script>x</script>", False),
        (f"<p>{TEXT} {TEXT} It is about JavaScript.</p><script>x</script>", False),
    ],
)  # fmt: skip
def test_an_empty_shell_needs_a_browser(body: str, needs: bool) -> None:
    assert read_html(f"<html><body>{body}</body></html>", URL).script_only is needs


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        ("등불 소포는 일곱 번째 문에서 기다립니다", "en", "ko"),
        ("ランタンの小包は七番門で待っています", None, "ja"),
        ("พัสดุโคมไฟรออยู่ที่ประตูเจ็ด", "en", "th"),
        ("灯笼包裹在七号门等候", None, "zh"),
        ("Das Laternenpaket wartet früh am Tor", "de", "de"),
        ("The café « 등불 » opens at seven and closes late in the evening", "en", "en"),
        ("Посылка ждёт", "ru", "ru"),
    ],
)
def test_a_script_says_more_than_a_template(text: str, declared: str | None, language: str) -> None:
    assert by_script(text, declared) == language


def test_words_tell_the_language_where_nothing_else_does() -> None:
    assert by_words(TEXT) == "en"
    assert by_words("Посылка с фонарём ждёт у седьмых ворот") == "ru"
    assert by_words("Gói đèn lồng đợi ở cổng số bảy, sáng mai gặp nhau") == "vi"
    assert by_words("12 — 34") is None
