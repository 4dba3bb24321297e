"""Crawlee over HTTP: `python -m benchmarks.crawling.crawlee_peer parsel|beautifulsoup|parsel_set HOSTS PORT`.

As it comes: links go through `enqueue_links` and its request queue. Favourable to it: storage in memory, no session
pool, no retries, no statistics' log.
`_set`: more favourable still. Links are deduplicated by a plain set before it sees them.
"""

import asyncio
import logging
import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin, urlsplit

from crawlee import ConcurrencySettings
from crawlee.crawlers import BeautifulSoupCrawler, ParselCrawler
from crawlee.storage_clients import MemoryStorageClient

from benchmarks.web.names import address, netloc

CRAWLERS: dict[str, Any] = {"parsel": ParselCrawler, "beautifulsoup": BeautifulSoupCrawler}
TEXT = "//body//text()[not(ancestor::script or ancestor::style)]"


async def crawl(way: str, hosts: int, port: int) -> None:
    kind, _, plain_set = way.partition("_")
    watched = {netloc(address(host), port) for host in range(hosts)}
    starts = [f"http://{host}/" for host in sorted(watched)]
    seen = set(starts)

    crawler = CRAWLERS[kind](
        storage_client=MemoryStorageClient(),
        use_session_pool=False,
        retry_on_blocked=False,
        max_request_retries=0,
        configure_logging=False,
        concurrency_settings=ConcurrencySettings(min_concurrency=64, desired_concurrency=64, max_concurrency=64),
    )

    async def handle(context: Any) -> None:  # noqa: ANN401  # of either crawler
        _ = read_parsel(context) if kind == "parsel" else read_soup(context)
        if not plain_set:
            await context.enqueue_links()
        elif new := _new(_links(context), seen, watched):
            await context.add_requests(new)

    crawler.router.default_handler(handle)
    await crawler.run(starts)


def _links(context: Any) -> Iterable[str]:  # noqa: ANN401
    return (urljoin(context.request.url, href) for href in context.selector.css("a::attr(href)").getall())


def _new(links: Iterable[str], seen: set[str], watched: set[str]) -> list[str]:
    found = [link for link in dict.fromkeys(links) if link not in seen and urlsplit(link).netloc in watched]
    seen.update(found)
    return found


def read_parsel(context: Any) -> tuple[list[str], str]:  # noqa: ANN401
    """Pictures and text."""
    url, selector = context.request.url, context.selector
    pictures = [urljoin(url, source) for source in selector.css("img::attr(src)").getall()]
    return pictures, " ".join(text.strip() for text in selector.xpath(TEXT).getall())


def read_soup(context: Any) -> tuple[list[str], str]:  # noqa: ANN401
    url, soup = context.request.url, context.soup
    pictures = [urljoin(url, node["src"]) for node in soup.find_all("img", src=True)]
    return pictures, soup.get_text(" ", strip=True)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(crawl(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
