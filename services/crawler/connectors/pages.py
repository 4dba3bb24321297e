"""One visit to a listing that shows the newest first, whatever its format."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from services.crawler.connectors.answers import NOT_FOR_US, good
from services.crawler.connectors.listing import Place, read_place, step, write_place
from services.crawler.connectors.polite import origin
from services.crawler.connectors.port import Ask, Harvest, Post, Source
from shared.net import Fetched
from shared.urls import host_of


@dataclass(frozen=True)
class ListingPage:
    """`onward`: where what is older is listed. `problem`: what was left out."""

    posts: tuple[Post, ...]
    onward: str | None = None
    problem: str | None = None


NOT_MODIFIED = 304
ReadPage = Callable[[Fetched, Source], ListingPage]


async def read_listing(source: Source, ask: Ask, read_page: ReadPage, accept: str, begin: str | None = None) -> Harvest:
    """`begin`: where the listing begins, when not at the site's address."""
    begin = begin or source.start_url
    place = read_place(source.cursor, secrets.token_urlsafe(6))
    answer = await ask(place.next or begin, headers={"Accept": accept, **({} if place.next else source.validators)})
    if answer.status == NOT_MODIFIED and not place.next:
        return Harvest(answer, cursor=source.cursor)
    if place.next and answer.status in NOT_FOR_US:
        lost = f"the next page answers {answer.status}: what is older is left out"
        return Harvest(answer, cursor=write_place(Place(place.salt, place.fresh or place.marks)), problem=lost)
    page = await asyncio.to_thread(read_page, good(answer, source.now), source)  # two megabytes take a second
    onward = page.onward if page.onward and origin(page.onward) == origin(begin) else None
    elsewhere = "its next page is on another host: not followed" if page.onward and not onward else None
    done = step(place, page.posts, onward)
    said = "; ".join(filter(None, (page.problem, elsewhere, done.problem)))
    return Harvest(
        answer,
        done.new,
        cursor=write_place(done.place),
        after_s=0.0 if done.place.next else None,
        begins=not place.next,
        problem=said or None,
    )


def is_near(url: str, source: Source) -> bool:
    """Whether an address belongs to the source's own site: its host, or one above or below it. An operator answers for
    that, and for no other's."""
    one, other = (host.removeprefix("www.") for host in (host_of(url), source.site.host))
    return one == other or one.endswith(f".{other}") or (other.endswith(f".{one}") and "." in one)


def left_out(number: int, why: str) -> str | None:
    return f"{number} left out: {why}" if number else None
