"""The sandbox's pages as flagged findings: their text, and the pictures that they show."""

from uuid import UUID

import httpx

from benchmarks.peers import Web
from haetae_verify.canonical import digest
from services.crawler.pages.reading import read_page
from shared.events import ContentFlagged
from shared.events.examples import EXAMPLES
from shared.events.values import MAX_EXCERPT, Finding, Picture
from shared.identity import identity


async def finding(client: httpx.AsyncClient, web: Web, url: str) -> Finding:
    """As the crawler reads the page."""
    answer = await _asked(client, web, url)
    page = read_page(answer.content, url, answer.headers.get("content-type", ""))
    pictures = []
    for address in page.pictures:
        data = (await _asked(client, web, address)).content
        pictures.append(Picture(url=address, sha256=digest(data), bytes=len(data)))
    told = {
        "url": url,
        "content_id": identity("content", url),
        "excerpt": page.text[:MAX_EXCERPT],
        "pictures": tuple(pictures),
    }
    return Finding.model_validate({**_example().finding.model_dump(), **told})


def flagged(of: Finding, case: UUID) -> ContentFlagged:
    return _example().model_copy(update={"case_id": case, "finding": of})


def _example() -> ContentFlagged:
    example = EXAMPLES[ContentFlagged]
    assert isinstance(example, ContentFlagged)
    return example


async def _asked(client: httpx.AsyncClient, web: Web, url: str) -> httpx.Response:
    address, headers = web.request(url)
    return (await client.get(address, headers=headers)).raise_for_status()
