"""Scrapy: `python -m benchmarks.crawling.scrapy_peer own|ours|own_set|ours_set HOSTS PORT`.

As it comes: links go through `follow_all`, its duplicate filter, its offsite filter and its scheduler (in memory), as
ours go through our frontier (in the database). Favourable to it: no robots.txt, cookies, retries, redirects, throttle
or log.
`own`: its own selectors. `ours`: the parser of our crawler in their place.
`_set`: more favourable still. Links are deduplicated by a plain set before it sees them, so that it builds and
fingerprints no request in vain.
"""

import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

from benchmarks.web.names import address, netloc
from services.crawler.pages.reading import Page, read_page

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
        self.allowed_domains = [address(host) for host in range(hosts)]
        self.start_urls = [f"http://{netloc(host, port)}/" for host in self.allowed_domains]
        self._read = {"own": self._own, "ours": self._ours, "own_set": self._own_set, "ours_set": self._ours_set}[way]
        self._hosts = {netloc(host, port) for host in self.allowed_domains}
        self._seen = set(self.start_urls)

    def parse(self, response: Response) -> Any:  # noqa: ANN401  # requests
        return self._read(response)

    def _own(self, response: Any) -> Any:  # noqa: ANN401
        _read_by_its_own(response)
        return response.follow_all(css="a")

    def _ours(self, response: Any) -> Any:  # noqa: ANN401
        return response.follow_all(_read_by_ours(response).links)

    def _own_set(self, response: Any) -> Iterator[scrapy.Request]:  # noqa: ANN401
        _read_by_its_own(response)
        return self._new(urljoin(response.url, href) for href in response.css("a::attr(href)").getall())

    def _ours_set(self, response: Any) -> Iterator[scrapy.Request]:  # noqa: ANN401
        return self._new(_read_by_ours(response).links)

    def _new(self, links: Any) -> Iterator[scrapy.Request]:  # noqa: ANN401
        for link in links:
            if link not in self._seen and urlsplit(link).netloc in self._hosts:
                self._seen.add(link)
                yield scrapy.Request(link, dont_filter=True)


def _read_by_its_own(response: Any) -> tuple[list[str], str]:  # noqa: ANN401
    """Pictures and text."""
    pictures = [urljoin(response.url, source) for source in response.css("img::attr(src)").getall()]
    return pictures, " ".join(text.strip() for text in response.xpath(TEXT).getall())


def _read_by_ours(response: Any) -> Page:  # noqa: ANN401
    kind = response.headers.get("Content-Type", b"").decode("latin-1")
    return read_page(response.body, response.url, kind)


if __name__ == "__main__":
    process = CrawlerProcess(SETTINGS)
    process.crawl(Corpus, way=sys.argv[1], hosts=int(sys.argv[2]), port=int(sys.argv[3]))
    process.start()
