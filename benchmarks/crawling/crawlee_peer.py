"""Crawlee over HTTP: `python -m benchmarks.crawling.crawlee_peer parsel|beautifulsoup HOSTS PORT`.

Favourable to it: storage in memory, no session pool, no retries, no statistics' log; links are deduplicated by a plain
set before it sees them.
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
    watched = {netloc(address(host), port) for host in range(hosts)}
    seen: set[str] = set()

    def new(links: Iterable[str]) -> list[str]:
        found = [link for link in dict.fromkeys(links) if link not in seen and urlsplit(link).netloc in watched]
        seen.update(found)
        return found

    crawler = CRAWLERS[way](
        storage_client=MemoryStorageClient(),
        use_session_pool=False,
        retry_on_blocked=False,
        max_request_retries=0,
        configure_logging=False,
        concurrency_settings=ConcurrencySettings(min_concurrency=64, desired_concurrency=64, max_concurrency=64),
    )

    async def handle(context: Any) -> None:  # noqa: ANN401  # of either crawler
        links, _, _ = read_parsel(context) if way == "parsel" else read_soup(context)
        if found := new(links):
            await context.add_requests(found)

    crawler.router.default_handler(handle)
    await crawler.run(new(f"http://{host}/" for host in sorted(watched)))


def read_parsel(context: Any) -> tuple[list[str], list[str], str]:  # noqa: ANN401
    url, selector = context.request.url, context.selector
    links = [urljoin(url, href) for href in selector.css("a::attr(href)").getall()]
    pictures = [urljoin(url, source) for source in selector.css("img::attr(src)").getall()]
    return links, pictures, " ".join(text.strip() for text in selector.xpath(TEXT).getall())


def read_soup(context: Any) -> tuple[list[str], list[str], str]:  # noqa: ANN401
    url, soup = context.request.url, context.soup
    links = [urljoin(url, node["href"]) for node in soup.find_all("a", href=True)]
    pictures = [urljoin(url, node["src"]) for node in soup.find_all("img", src=True)]
    return links, pictures, soup.get_text(" ", strip=True)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(crawl(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
