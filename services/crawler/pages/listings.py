"""Where a listing goes on, and what a page of search results found (pure)."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, urlsplit

from shared.urls import canonical, host_of

MAX_NEXT = 20
# A page's number in an address: `?page=2`, `&start=20`, `/page/2`, `/p2`. Boards all over the world name it so.
NUMBER = re.compile(
    r"(?P<mark>[?&](?:page|p|pg|pn|paged|pageno|page_no|pageindex|cpage|currentpage|start|offset|from|first|b)=|/page[/-]|/p(?=\d))"
    r"(?P<number>\d{1,7})(?=$|[/&?.])",
    re.IGNORECASE,
)
TARGET = ("q", "url", "u", "uddg", "target", "dest", "to", "link", "r")  # parameters that redirects of search pages use


def next_pages(url: str, links: Sequence[str], declared: Iterable[str]) -> tuple[str, ...]:
    """What the page declares as next, then the further numbers of its own listing, the nearest first."""
    here, number = _without_number(url), _number(url)
    folder = url.partition("?")[0].rstrip("/").rpartition("/page")[0] or url.partition("?")[0].rstrip("/")
    further = {
        link: at
        for link in links
        if link.startswith(folder) and (at := _number(link)) > number and _without_number(link) == here
    }
    return tuple(
        dict.fromkeys([*(link for link in declared if link != url), *sorted(further, key=further.__getitem__)])
    )[:MAX_NEXT]


def discovered(url: str, links: Iterable[str]) -> tuple[str, ...]:
    """Results of a search page: addresses of other hosts, also those that it leads to by way of its own counter."""
    host = host_of(url)
    return tuple(dict.fromkeys(found for link in links if (found := _leads_off(link, host))))


def _leads_off(link: str, host: str) -> str | None:
    if host_of(link) != host:
        return link
    query = dict(parse_qsl(urlsplit(link).query))
    inside = (canonical(query[name]) for name in TARGET if query.get(name, "").startswith(("http://", "https://")))
    return next((target for target in inside if target and host_of(target) != host), None)


def _number(url: str) -> int:
    found = NUMBER.search(url)
    return int(found["number"]) if found else 0


def _without_number(url: str) -> str:
    """The listing that the address is a page of."""
    return NUMBER.sub("", url).rstrip("/?&").replace("?&", "?")
