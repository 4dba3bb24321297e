"""A page's own content is what is not link."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crawler.pages.charset import decode
from services.crawler.pages.feeds import feed_links, is_feed
from services.crawler.pages.reading import read_html, read_page
from services.crawler.pages.shown import shown, visible_text
from shared.pages.weight import weight
from tests.support.findings import TEXT

URL = "http://a.test/p/1"


def post(inside: str, head: str = "") -> str:
    return f"<html lang=en><head><title>Title</title>{head}</head><body><main><article>{inside}</article></main></body>"


def test_a_post_is_content_with_its_text_and_pictures() -> None:
    page = read_html(post(f"<h1>Head</h1><p>{TEXT}</p><img src=/a.jpg alt=x>"), URL)
    assert page.is_content
    assert (page.title, page.language) == ("Title", "en")
    assert page.text == f"Head\n{TEXT}"
    assert page.pictures == ("http://a.test/a.jpg",)


def test_a_listing_is_no_content() -> None:
    """Titles and thumbnails in links, and beside them what goes with a link: author, date, number of replies."""
    rows = "".join(
        f"<tr><td>{n}</td><td><a href=/p/{n}>{TEXT}</a> <small>[{n}]</small></td><td>minji{n}</td>"
        f"<td><time>2026-11-20</time> 13:0{n}</td></tr>"
        for n in range(9)
    )
    thumbs = "".join(f"<li><a href=/p/{n}><img src=/t/{n}.jpg><span>{TEXT}</span></a></li>" for n in range(9))
    frame = f"<nav>{TEXT}</nav><main><table>{rows}</table><ul>{thumbs}</ul></main><footer>{TEXT}</footer>"
    page = read_html(frame, "http://a.test/")
    assert not page.is_content
    assert not page.pictures
    assert page.links == tuple(f"http://a.test/p/{n}" for n in range(9))


def test_a_journal_s_front_page_is_no_content() -> None:
    entries = "".join(
        f"<section><h2><a href=/e/{n}>Title</a></h2><p>by somebody, {TEXT}</p></section>" for n in range(3)
    )
    assert not read_html(f"<main>{entries}</main>", URL).is_content


def test_a_post_below_the_linked_name_of_its_board_is_content() -> None:
    assert read_html(post(f"<h1><a href=/>The board</a></h1><p>{TEXT}</p>"), URL).is_content


@pytest.mark.parametrize("wrapper", ["<a href='#x'>{}</a>", "<a href='javascript:0'>{}</a>", "<a href='1'>{}</a>"])
def test_a_link_that_leads_nowhere_else_hides_nothing(wrapper: str) -> None:
    page = read_html(wrapper.format(f"<p>{TEXT}</p><img src=/a.jpg>"), URL)
    assert page.is_content
    assert page.text == TEXT
    assert page.pictures == ("http://a.test/a.jpg",)


def test_a_thumbnail_that_links_to_its_picture_is_that_picture() -> None:
    page = read_html(post("<a href=/full.JPG><img src=/small.jpg></a>"), URL)
    assert page.pictures == ("http://a.test/full.JPG",)
    assert page.is_content


@pytest.mark.parametrize(
    ("tag", "wanted"),
    [
        ("<img src=/a.jpg>", "/a.jpg"),
        ("<img data-src=/lazy.jpg src='data:image/gif;base64,x'>", "/lazy.jpg"),
        ("<img srcset='/s.jpg 100w, /l.jpg 900w, /m.jpg 500w' src=/s.jpg>", "/l.jpg"),
        ("<img srcset='/1.jpg, /2.jpg 2x'>", "/2.jpg"),
        ("<picture><source srcset='/w.webp 800w'><img src=/f.jpg></picture>", "/w.webp"),
        ("<video poster=/p.jpg></video>", "/p.jpg"),
    ],
)
def test_the_best_picture_is_taken(tag: str, wanted: str) -> None:
    assert read_html(tag, URL).pictures == (f"http://a.test{wanted}",)


def test_short_text_is_no_content_but_short_korean_is() -> None:
    assert not read_html(post("<p>Just a note to you all.</p>"), URL).is_content
    assert read_html(post("<p>등불 소포는 일곱 번째 문에서 기다립니다</p>"), URL).is_content
    assert weight("등불소포는일곱번째문에서기다") < 40 <= weight("등불소포는일곱번째문에서기다린")


def test_words_are_not_torn_by_markup() -> None:
    assert read_html(post("<p>The lan<b>tern</b> par<i>cel</i></p>"), URL).text == "The lantern parcel"


def test_links_feeds_and_copies() -> None:
    head = (
        "<base href=http://a.test/dir/><link rel=alternate type=application/rss+xml href=/feed.xml>"
        "<link rel=canonical href=/p/0><link rel=alternate hreflang=de href=/de>"
    )
    page = read_html(
        post("<a href=x>1</a><a href=x#y>2</a><a href=mailto:a@b.test>3</a><a href=/i.png>4</a>", head), URL
    )
    assert page.links == ("http://a.test/dir/x",)
    assert page.feeds == ("http://a.test/feed.xml",)
    assert page.copy_of == "http://a.test/p/0"


def test_what_a_page_shows_in_all_keeps_what_is_linked() -> None:
    html = "<a href=/p>linked</a><a href=/full.jpg><img src=/small.jpg></a><script>no</script>"
    assert shown(html, URL).text == visible_text(html) == "linked"
    assert shown(html, URL).pictures >= {"http://a.test/full.jpg", "http://a.test/small.jpg"}


@given(st.binary(max_size=300), st.text(max_size=30), st.sampled_from([None, "ko", "ja", "ru", "zh", "vi", "th", "xx"]))
def test_no_bytes_break_the_reader(body: bytes, content_type: str, language: str | None) -> None:
    page = read_page(body, URL, content_type, language)
    assert "\0" not in page.text + page.title
    feed_links(decode(body, content_type, language), URL)
    is_feed(body, content_type)


tags = st.sampled_from("a li tr td table section h2 div b p template nav main select svg math".split())  # noqa: SIM905
soup = st.lists(
    st.one_of(tags.map("<{} href=/x src=/y>".format), tags.map("</{}>".format), st.text(max_size=5)), max_size=60
)


@given(soup)
def test_no_nesting_breaks_the_reader(parts: list[str]) -> None:
    read_html("".join(parts), URL)


@pytest.mark.parametrize(
    "tag", ["<div>", "<b>", "<ul><li><a href=/q>", "<section><h2><a href=/z>x</a></h2>", "<p></x><i>"]
)
def test_a_page_without_end_is_cut_not_waited_for(tag: str) -> None:
    """Unguarded, the parser takes minutes for it: its time grows with the square of the depth."""
    started = time.process_time()
    page = read_html(f"<p>{TEXT}</p>" + tag * (2_000_000 // len(tag)), URL)
    assert TEXT in page.text
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    ("codec", "language", "text"),
    [
        ("euc-kr", "ko", "등불 소포는 일곱 번째 문에서 기다립니다"),
        ("shift_jis", "ja", "ランタンの小包は七番門で待っています"),
        ("euc_jp", "ja", "ランタンの小包は七番門で待っています"),
        ("windows-1251", "ru", "Посылка с фонарём ждёт у седьмых ворот"),
        ("gb18030", "zh", "灯笼包裹在七号门等候"),
        ("tis-620", "th", "พัสดุโคมไฟรออยู่ที่ประตูเจ็ด"),
        ("utf-8", "ko", "등불 소포는 일곱 번째 문에서 기다립니다"),
        ("utf-16", "en", "The lantern parcel"),
    ],
)
def test_encodings(codec: str, language: str, text: str) -> None:
    """Said in the header, said in the page, or said nowhere and guessed from the site's language."""
    body, label = text.encode(codec), codec.replace("euc_", "euc-")
    assert decode(body, f"text/html; charset={label}") == text
    assert decode(body, "", language) == text
    if codec != "utf-16":
        assert decode(b"<meta charset='%s'>" % label.encode() + body).endswith(text)


def test_an_encoding_that_is_none_is_not_believed() -> None:
    for name in ("rot13", "zip", "unicode_escape", "idna", "x" * 100):
        assert decode(b"plain", f"text/html; charset={name}") == "plain"


def test_a_broken_character_does_not_change_the_encoding() -> None:
    assert decode("등불 소포".encode() * 50 + b"\xff", "", "ko").startswith("등불 소포")


def test_feeds_and_sitemaps_lead_to_their_entries() -> None:
    rss = (
        "<rss><channel><link>http://a.test/</link><item><link><![CDATA[http://a.test/1?a=1&amp;b=2]]></link></item>"
        "<item><link> http://a.test/2 </link><guid>http://a.test/g</guid></item></channel></rss>"
    )
    assert feed_links(rss, URL) == ("http://a.test/", "http://a.test/1?a=1&b=2", "http://a.test/2")
    atom = "<feed><link rel='self' href='/feed'/><entry><link href=\"/e/1\"/></entry></feed>"
    assert feed_links(atom, URL) == ("http://a.test/e/1",)
    sitemap = "<urlset><url><loc>http://a.test/s?x=1&amp;y=2</loc></url></urlset>"
    assert feed_links(sitemap, URL) == ("http://a.test/s?x=1&y=2",)
    assert is_feed(b"x", "application/rss+xml; charset=utf-8")
    assert is_feed(b"<?xml version='1.0'?><rss>", "text/plain")
    assert not is_feed(b"<!doctype html><html>", "text/html")
    assert not is_feed(b"<?xml version='1.0'?><html>", "application/xhtml+xml")
