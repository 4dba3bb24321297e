"""Hostile markup: every page is read within its limits, and none of them holds up the others."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import cast

import pytest

from services.crawler.pages import page_reader
from services.crawler.pages.page_reader import MarkupBomb, PageReader, looks_hostile
from services.crawler.pages.reading import Page, read_html
from tests.support.findings import TEXT

URL = "http://a.test/p/1"
SIZE = 300_000  # bytes of an attack
UNGUARDED_S = 1.0  # of processor time: of what is read without a guard; ordinary pages take a millisecond

ATTACKS = {
    "300,000 attributes": "<div " + " ".join(f"a{n}=1" for n in range(300_000)) + ">x",
    "one attribute, often": "<div " + "a=1 " * (SIZE // 4) + ">x",
    "attributes of ever new roots": "".join(f"<html a{n}=1>" for n in range(SIZE // 12)),
    "attributes of ever new bodies": "".join(f"<BODY a{n}=1>" for n in range(SIZE // 12)),
    "no end of a tag": "<a " + "x" * SIZE,
    "no end of an address": '<a href="' + "x" * SIZE,
    "nesting": "<div>" * (SIZE // 5),
    "nesting hidden by comments": "<!--</div>--><div>" * (SIZE // 18),
    "formatting elements": "<b>" * (SIZE // 3),
    "formatting elements, all different": "".join(f"<font size={n}>" for n in range(SIZE // 20)) + "<p>x" * (SIZE // 4),
    "formatting elements, opened again in each block": "".join(f"<p><b id={n}><!--</b>-->" for n in range(SIZE // 22)),
    "links around blocks": "<a href=/x><div>" * (SIZE // 16),
    "links around headings": "<div><h2><a href=/x>y</a></h2>" * (SIZE // 30),
    "rows in rows": "<ul><li><a href=/x>y</a>" * (SIZE // 24),
    "tables in tables": "<table><tr><td>" * (SIZE // 15),
    "foster parents": "<table>" + "<b>x<table>" * (SIZE // 11),
    "dates in dates": "<div><time datetime=2026-11-20>x</time>" * (SIZE // 40),
    "dates of many kinds": "".join(f"<p class=date{n}>2026-11-20</p>" for n in range(SIZE // 35)),
    "names of frames": "<div class=sidebar>" * (SIZE // 19),
    "paragraphs": f"<p>{TEXT}" * (SIZE // 200),
    "100,000 links": "".join(f"<a href=/{n}>" for n in range(100_000)),
    "links to work at": "".join(f"<a href='../ü%7e/./{n}?a&&utm_source=1'>" for n in range(SIZE // 36)),
    "a large picture in the page": "<img src='data:image/png;base64," + "A" * SIZE + "'>",
    "candidates": "<img srcset='" + "a 1w, " * (SIZE // 6) + "'>",
    "styles": "<style>" + "background:" * (SIZE // 11) + "</style>",
    "style attributes": "<p style='background:url(" + "a" * SIZE + "'>",
    "entities": "&amp;&#x1F600;" * (SIZE // 14),
    "half entities": "&CounterClockwiseContourIntegra" * (SIZE // 31),
    "forms": "<form><div>" * (SIZE // 11),
    "templates": "<template>" * (SIZE // 10),
    "drawings": "<svg><foreignObject>" * (SIZE // 20),
    "posts": "<div id=p1 class=post><div class=postbody><div class=content>x" * (SIZE // 62),
    "microdata": "<p itemscope itemtype=http://schema.org/Comment><b itemprop=text>x" * (SIZE // 66),
    "structured data": '<script type="application/ld+json">' + '[{"author":' * (SIZE // 11) + "</script>",
    "wide structured data": '<script type="application/ld+json">{'
    + ",".join(f'"{n:x}":0' for n in range(2_000_000 // 9))  # a whole page of it
    + "}</script>",
    "blanks": " " * SIZE + "<p>x",
    "zeros": "\0" * SIZE + "<p>x",
    "combining marks": "<p>x" + "\u0300\u0316" * (SIZE // 2),
    "words for it": "<noscript>" + "java " * (SIZE // 5) + "</noscript><script></script>",
}


@pytest.fixture(scope="module")
async def reader() -> AsyncIterator[PageReader]:
    async with PageReader() as reader:
        yield reader


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
async def test_an_attack_holds_up_nobody(reader: PageReader, attack: str) -> None:
    """It is read, or stopped by name; and whoever waits meanwhile waits for no processor time of ours."""
    begun = time.process_time()
    body = f"<html lang=en><p>{TEXT}</p>{attack}".encode()
    read, *_ = await asyncio.gather(reader.read(body, URL), return_exceptions=True)
    assert str(read).startswith("markup bomb: ") if isinstance(read, MarkupBomb) else cast(Page, read).is_content
    assert time.process_time() - begun < UNGUARDED_S


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
async def test_an_attack_that_stays_below_the_signs_is_harmless(attack: str) -> None:
    """The largest piece of it that is read in the process itself."""
    pieces = (attack[: len(attack) * share // 10] for share in range(10, -1, -1))
    harmless = next(piece for piece in pieces if not looks_hostile(piece))
    begun = time.process_time()
    read_html(harmless, URL)
    assert time.process_time() - begun < UNGUARDED_S


async def test_what_grows_beyond_its_memory_is_stopped_and_the_next_page_is_read(reader: PageReader) -> None:
    with pytest.raises(MarkupBomb, match=r"^markup bomb: memory"):
        await reader.read(ATTACKS["attributes of ever new roots"].encode(), URL)
    with pytest.raises(MarkupBomb, match=r"^markup bomb: memory"):
        await reader.shown(ATTACKS["attributes of ever new roots"], URL)
    assert (await reader.read(f"<p>{TEXT}".encode() * 10_000, URL)).is_content


@pytest.mark.parametrize("frame", ["<iframe srcdoc='{}'>", "<iframe src='data:text/html,{}'>", "{}"])
async def test_what_a_page_carries_in_frames_and_templates_holds_up_nobody(reader: PageReader, frame: str) -> None:
    bomb = ATTACKS["attributes of ever new roots"].replace("<", "&lt;" if "srcdoc" in frame else "%3C")
    begun = time.process_time()
    await asyncio.gather(
        reader.shown(frame.format(bomb if "iframe" in frame else "<template " * (SIZE // 10)), URL),
        return_exceptions=True,
    )
    assert time.process_time() - begun < UNGUARDED_S


async def test_what_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_reader, "SECONDS", 0.01)
    async with PageReader() as reader:
        with pytest.raises(MarkupBomb, match=r"^markup bomb: time"):
            await reader.read(f"<p>{TEXT}".encode() * 40_000, URL)


async def test_a_page_read_in_a_child_is_the_same(reader: PageReader) -> None:
    post = "<li><b>minji</b> <time datetime=2026-11-20T13:05+09:00>x</time><p>{}</p></li>"
    html = f"<html lang=en><ul>{post.format(TEXT) * 20}</ul>" + "<i></i>" * 12_000
    assert looks_hostile(html)
    read, shown = await asyncio.gather(reader.read(html.encode(), URL), reader.shown(html, URL))
    assert read == read_html(html, URL)
    assert len(read.thread) == 20
    assert TEXT in shown.text


def test_ordinary_pages_are_read_at_once() -> None:
    assert not looks_hostile(f"<html><head></head><body>{'<p>' + TEXT + '</p>'}</body></html>" * 4)
    assert not looks_hostile("<HTML lang=en><Body class=x>" + "<p>x</p>" * 4_000)
    assert looks_hostile("<hTmL a=1>" * 10)
    assert looks_hostile("<body\n>" * 10)
