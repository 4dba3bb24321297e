"""Scrapy: `python -m benchmarks.crawling.scrapy_peer own|ours HOSTS PORT`.

Favourable to it: no robots.txt, no cookies, retries, redirects, throttle or log; links are deduplicated by a plain set
before it sees them, so that it builds and fingerprints no request in vain.
`own`: its own selectors and urljoin. `ours`: the parser of our crawler in their place.
"""

import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

from benchmarks.web.names import address, netloc
from services.crawler.reading import read_page

SETTINGS = {
    "LOG_ENABLED": False,
    "ROBOTSTXT_OBEY": False,
    "RETRY_ENABLED": False,
    "COOKIES_ENABLED": False,
    "REDIRECT_ENABLED": False,
    "REFERER_ENABLED": False,
    "METAREFRESH_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "AUTOTHROTTLE_ENABLED": False,
    "DOWNLOAD_DELAY": 0,
    "CONCURRENT_REQUESTS": 64,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
}
TEXT = "//body//text()[not(ancestor::script or ancestor::style)]"


class Corpus(scrapy.Spider):
    name = "corpus"

    def __init__(self, way: str, hosts: int, port: int) -> None:
        super().__init__()
        self.hosts = {netloc(address(host), port) for host in range(hosts)}
        self.seen: set[str] = set()
        self.read = self._own if way == "own" else self._ours

    async def start(self) -> Any:  # noqa: ANN401  # as Scrapy calls it
        for request in self._follow(f"http://{host}/" for host in sorted(self.hosts)):
            yield request

    def parse(self, response: Response) -> Iterator[scrapy.Request]:
        links, _, _ = self.read(response)
        yield from self._follow(links)

    def _follow(self, links: Any) -> Iterator[scrapy.Request]:  # noqa: ANN401
        for link in links:
            if link not in self.seen and urlsplit(link).netloc in self.hosts:
                self.seen.add(link)
                yield scrapy.Request(link, dont_filter=True)

    def _own(self, response: Any) -> tuple[Any, Any, str]:  # noqa: ANN401
        links = [urljoin(response.url, href) for href in response.css("a::attr(href)").getall()]
        pictures = [urljoin(response.url, source) for source in response.css("img::attr(src)").getall()]
        text = " ".join(text.strip() for text in response.xpath(TEXT).getall())
        return links, pictures, text

    def _ours(self, response: Any) -> tuple[Any, Any, str]:  # noqa: ANN401
        kind = response.headers.get("Content-Type", b"").decode("latin-1")
        page = read_page(response.body, response.url, kind)
        return page.links, page.pictures, page.text


if __name__ == "__main__":
    process = CrawlerProcess(SETTINGS)
    process.crawl(Corpus, way=sys.argv[1], hosts=int(sys.argv[2]), port=int(sys.argv[3]))
    process.start()
