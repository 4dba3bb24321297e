"""Going through the pages of a gateway as a person does: by every link, and what each form would do."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import httpx
from selectolax.lexbor import LexborHTMLParser

EACH = 2  # pages of one route: a second case shows what the first does
LEAST_WORDS = 20  # characters of a page that says something, even when nothing is there


class Route(Protocol):
    """`roles`: letters of those who may, or everybody."""

    method: str
    path: str
    roles: str


@dataclass
class Walk:
    """`wrong`: links that lead nowhere, forms that are refused, pages that say nothing. `seen`: paths of routes."""

    wrong: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)


async def walk(client: httpx.AsyncClient, letter: str, routes: Sequence[Route], held_open: set[str]) -> Walk:
    """As the role of this letter, from where its log-in leads. `held_open`: paths whose answers do not end."""
    start = "/login"
    done, waiting, asked = Walk(), deque([(start, "")]), {start}
    while waiting:
        address, whence = waiting.popleft()
        route = named(routes, "GET", address)
        if done.seen[route.path if route else address] >= EACH:
            continue
        done.seen[route.path if route else address] += 1
        answer = await client.get(address, follow_redirects=True)
        if answer.status_code != 200:
            done.wrong.append(f"{whence or 'start'} leads to {address}: {answer.status_code}")
        elif answer.headers["content-type"].startswith("text/html"):
            page = LexborHTMLParser(answer.content)
            done.wrong += [f"{address}: {what}" for what in amiss(page, address, letter, routes)]
            for link in links(page, str(answer.url.raw_path, "ascii")):
                if link not in asked and urlsplit(link).path not in held_open:
                    asked.add(link)
                    waiting.append((link, address))
    return done


def amiss(page: LexborHTMLParser, address: str, letter: str, routes: Sequence[Route]) -> Iterator[str]:
    main = page.css_first("main")
    if main is None or len(main.text(strip=True)) < LEAST_WORDS:
        yield "says nothing"
    for method, path in offered(page, address):
        route = named(routes, method, path)
        if route is None:
            yield f"offers {method} {path}, which there is not"
        elif letter not in route.roles and route.roles != "everybody":
            yield f"offers {method} {path}, which this role may not"


def links(page: LexborHTMLParser, base: str) -> Iterator[str]:
    """On this site, with their queries."""
    for node in page.css("a[href]"):
        to = urlsplit(urljoin(base, node.attributes["href"] or ""))
        if not to.netloc and to.path:
            yield to.path + (f"?{to.query}" if to.query else "")


def offered(page: LexborHTMLParser, address: str) -> Iterator[tuple[str, str]]:
    """What forms and scripts would ask for."""
    for node in page.css("form"):
        wanted: Mapping[str, str | None] = node.attributes
        method = (wanted.get("method") or "get").upper()
        if method != "DIALOG":  # closed by the browser itself
            yield method, urljoin(address, wanted.get("action") or address)
    for what in ("get", "post"):
        for node in page.css(f"[hx-{what}]"):
            yield what.upper(), urljoin(address, node.attributes[f"hx-{what}"] or "")


def named(routes: Sequence[Route], method: str, address: str) -> Route | None:
    """The route of an address; a path without parameters before one with."""
    path = urlsplit(address).path
    fitting = [route for route in routes if route.method == method and pattern(route.path).fullmatch(path)]
    return min(fitting, key=lambda route: route.path.count("{"), default=None)


@cache
def pattern(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(re.escape(part) for part in re.split(r"\{\w+\}", path)))
