"""Who wrote a page and when."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crawler.pages.dates import date_of
from services.crawler.pages.reading import read_html
from tests.support.findings import TEXT

URL = "http://a.test/p/1"
NOON = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
FROM, TO = datetime(1995, 1, 1), datetime(2099, 12, 31)  # noqa: DTZ001  hypothesis wants them so


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-20T12:05:00Z", NOON),
        ("2026-11-20T21:05:00+09:00", NOON),
        ("2026-11-20 12:05", NOON),
        ("2026.11.20. 오후 12:05", NOON),
        ("2026년 11월 20일 오후 1:05", NOON.replace(hour=13)),
        ("2026年11月20日 午後 1:05", NOON.replace(hour=13)),
        ("2026/11/20 上午 12:05:09", NOON.replace(hour=0, second=9)),
        ("20.11.2026, 12:05 Uhr", NOON),
        ("posted Nov 20th, 2026 1:05 pm by minji", NOON.replace(hour=13)),
        ("Nov 20, 2026 1:05pm", NOON.replace(hour=13)),
        ("20 de noviembre de 2026", NOON.replace(hour=0, minute=0)),
        ("20 ноября 2026 12:05", NOON),
        ("Fri, 20 Nov 2026 21:05:00 +0900", NOON),
        ("1795176300", NOON),
        ("1795176300000", NOON),
        ("12 juillet 2026", datetime(2026, 7, 12, tzinfo=UTC)),
    ],
)
def test_dates_as_pages_write_them(written: str, meant: datetime) -> None:
    assert date_of(written) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        "3/4/2026",
        "2026-13-45",
        "13:05",
        "20261120",
        "0001-01-01",
        "9999-12-31 23:59",
        "x" * 9000,
        f"Sun, 22 Nov {10**20} 09:00:00 GMT",
    ],
)
def test_what_is_no_date_or_nobody_knows_which(text: str | None) -> None:
    assert date_of(text) is None


@given(st.text(max_size=100), st.datetimes(FROM, TO), st.integers(-12, 14))
def test_any_date_is_read_and_no_text_breaks_it(around: str, moment: datetime, zone: int) -> None:
    found = date_of(around)
    assert found is None or found.tzinfo is not None
    aware = moment.replace(microsecond=0, tzinfo=timezone(timedelta(hours=zone)))
    assert date_of(aware.isoformat()) == aware
    assert date_of(f"{moment:%Y.%m.%d %H:%M}") == moment.replace(second=0, microsecond=0, tzinfo=UTC)


LD = """<script type="application/ld+json">{"@graph": [{"@type": "WebSite", "name": "Board"}, {"@type":
"NewsArticle", "datePublished": "2026-11-20T12:05:00Z", "author": [{"@type": "Person", "name": "Minji"},
{"name": "Juno"}]}]}</script>"""


@pytest.mark.parametrize(
    ("head", "body", "authors"),
    [
        (LD, "", ("Minji", "Juno")),
        (
            '<meta property="article:published_time" content="2026-11-20T12:05Z"><meta name=author content="Minji ">',
            "",
            ("Minji",),
        ),
        (
            "",
            '<i itemprop=author><b itemprop=name>Minji</b></i><meta itemprop=datePublished content="2026-11-20 12:05">',
            ("Minji",),
        ),
        ("", '<a rel=author href=/u/1>Minji</a> <time datetime="2026-11-20T12:05Z">Friday</time>', ("Minji",)),
        (
            '<meta property="article:author" content="https://a.test/u/1">',
            '<time datetime="2026-11-20 12:05">x</time>',
            (),
        ),
    ],
)
def test_a_page_says_who_wrote_it_and_when(head: str, body: str, authors: tuple[str, ...]) -> None:
    page = read_html(f"<head>{head}</head><article>{body}<p>{TEXT}</p></article>", URL)
    assert (page.published_at, page.authors) == (NOON, authors)


@pytest.mark.parametrize(
    "data", ["[" * 5000, '{"author":' * 3000, "{", "nothing", '{"author": 7, "datePublished": [1]}', '[[["x"]]]']
)
def test_no_structured_data_breaks_the_reader(data: str) -> None:
    page = read_html(f'<script type="application/ld+json">{data}</script><p>{TEXT}</p>', URL)
    assert page.is_content
    assert page.published_at is None


def test_a_name_that_nobody_could_write_down_hides_no_page() -> None:
    data = '{"@type": "Article", "author": {"name": "Min\\ud800ji\\u0000"}}'
    page = read_html(f'<script type="application/ld+json">{data}</script><article><p>{TEXT}</p></article>', URL)
    assert page.authors == ("Min ji",)
