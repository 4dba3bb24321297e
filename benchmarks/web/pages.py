"""Procedural pages of a board (pure): made-up words in two scripts, in the shape of an ordinary page of the web.

About 55 KB, 220 links (20 of them to sites that nobody watches), 58 pictures, 1,500 elements. All hosts show the same
pages, so that a server of 20,000 hosts costs no more than one of a hundred.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from benchmarks.web.names import WEB_PORT, name, netloc

LATIN = ("la", "ri", "mo", "ten", "sa", "vel", "ko", "nu", "dar", "pi", "es", "or", "win", "gal", "hu", "be")
HANGUL = (
    "가",
    "나",
    "다",
    "라",
    "마",
    "바",
    "사",
    "아",
    "자",
    "차",
    "하",
    "고",
    "노",
    "도",
    "로",
    "모",
    "보",
    "소",
    "오",
    "조",
)
WORDS = tuple(
    "".join(random.Random(number).choices(LATIN if number % 5 < 3 else HANGUL, k=2 + number % 2))
    for number in range(4_000)  # enough that a page packs no better than real text does: to a third
)
OFTEN = tuple(accumulate(rank**-0.6 for rank in range(1, len(WORDS) + 1)))  # as in real text, few are frequent
MOST_PAGES = 1_000_000  # of a host
PICTURE, ROBOTS = MOST_PAGES, MOST_PAGES + 1  # in the place of a page's number
BODIES = 500  # of a web whose links lead across: 200 links of each reach 100,000 pages
MENU, REPLIES, TEASERS, ROWS, ELSEWHERE = 42, 24, 50, 60, 20
OWN_PICTURES = 8
PARAGRAPHS, SENTENCES = 24, 5
ROW_CELLS = 6  # of a table without links: half of a page's elements carry none


@cache
def path(number: int) -> str:
    """Page 0 is the front page."""
    if not number:
        return "/"
    name = random.Random(number).choices(WORDS[::5], k=3)
    return f"/board/{number}/{'-'.join(name)}"


def picture_path(number: int) -> str:
    return f"/picture/{number:07d}/{number * 2_654_435_761 % 2**32:08x}.png"


@dataclass(frozen=True)
class Web:
    """`hosts` with `pages` each. `across`: links lead to any page of any host, else to any page of their own host."""

    hosts: int
    pages: int
    across: bool = False
    port: int = WEB_PORT

    @property
    def bodies(self) -> int:
        """How many different pages there are."""
        return min(BODIES, self.hosts * self.pages) if self.across else self.pages

    def url(self, host: int, page: int) -> str:
        return f"http://{netloc(name(host), self.port)}{path(page)}"


def page(number: int, web: Web, seed: int = 0) -> str:
    """Body `number` of a web: together, all bodies lead to every page."""
    chance = random.Random(f"{seed}/{number}")
    linked = _across(number, web, chance) if web.across else _on_the_host(number, web, chance)
    return "".join(
        (
            '<!doctype html><html lang="ko"><head><meta charset="utf-8">',
            f"<title>{_words(chance, 6)} {number}</title>",
            '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css"></head><body>',
            f'<header><nav><ul class="menu">{"".join(_menu(linked, chance))}</ul></nav></header>',
            f"<main><article><h1>{_words(chance, 7)} {number}</h1>{''.join(_article(number, chance))}</article>",
            f'<section class="replies">{"".join(_replies(linked, chance))}</section></main>',
            f'<aside class="more">{"".join(_teasers(linked, number, chance))}</aside>',
            f'<table class="calendar">{"".join(_table(linked, chance))}</table>',
            f"<footer>{''.join(_elsewhere(chance))}</footer></body></html>",
        )
    )


def _on_the_host(number: int, web: Web, chance: random.Random) -> Iterator[str]:
    """Endless. The next pages first, so that every page is reached; then any."""
    for step in range(1, 1 + MENU):
        yield path((number * MENU + step) % web.pages)
    while True:
        yield path(chance.randrange(web.pages))


def _across(number: int, web: Web, chance: random.Random) -> Iterator[str]:
    """Endless. Those that no other body is answerable for first; then any."""
    for place in range(number, web.hosts * web.pages, web.bodies):
        yield web.url(*divmod(place, web.pages))
    while True:
        yield web.url(chance.randrange(web.hosts), chance.randrange(web.pages))


def _menu(linked: Iterator[str], chance: random.Random) -> Iterator[str]:
    for _ in range(MENU):
        yield f'<li class="item"><a href="{next(linked)}"><span>{_words(chance, 2)}</span></a></li>'


def _article(number: int, chance: random.Random) -> Iterator[str]:
    for place in range(PARAGRAPHS):
        said = " ".join(f"{_words(chance, 14)}." for _ in range(SENTENCES))
        yield f"<p>{said} <em>{_words(chance, 2)}</em> <strong>{_words(chance, 2)}</strong></p>"
        if place < OWN_PICTURES:
            shown = picture_path(number * OWN_PICTURES + place)
            yield f'<figure><img src="{shown}" alt="{_words(chance, 3)}"></figure>'


def _replies(linked: Iterator[str], chance: random.Random) -> Iterator[str]:
    for place in range(REPLIES):
        yield (
            f'<div class="reply" id="r{place}"><div class="who"><a href="{next(linked)}">{_words(chance, 1)}</a>'
            f'<time>2026-02-{1 + place:02d} 10:00</time></div><div class="said"><p>{_words(chance, 22)}.</p></div>'
            f'<a class="answer" href="{next(linked)}">{_words(chance, 1)}</a></div>'
        )


def _teasers(linked: Iterator[str], number: int, chance: random.Random) -> Iterator[str]:
    for place in range(TEASERS):
        shown = picture_path(1_000_000 + number * TEASERS + place)
        yield (
            f'<div class="teaser"><a href="{next(linked)}"><img src="{shown}" alt="" width="90" height="60">'
            f'<span class="title">{_words(chance, 4)}</span></a><span class="when">{place} min</span></div>'
        )


def _table(linked: Iterator[str], chance: random.Random) -> Iterator[str]:
    for place in range(ROWS):
        cells = "".join(f"<td><span>{_words(chance, 1)}</span></td>" for _ in range(ROW_CELLS))
        yield f'<tr><td><a href="{next(linked)}">{place}</a></td>{cells}</tr>'


def _elsewhere(chance: random.Random) -> Iterator[str]:
    for place in range(ELSEWHERE):
        yield f'<a href="http://elsewhere-{place}.test/{chance.randrange(1000)}">{_words(chance, 2)}</a> '


def _words(chance: random.Random, many: int) -> str:
    return " ".join(_chosen(chance, many))


def _chosen(chance: random.Random, many: int) -> Sequence[str]:
    return chance.choices(WORDS, cum_weights=OFTEN, k=many)
