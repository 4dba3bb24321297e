"""What the page has in common with others of its operator: icon, template, accounts of visitor counters."""

import asyncio
import re

import httpx

from haetae_verify.canonical import digest
from services.evidence.capture.steps.requests import short
from services.evidence.capture.traffic import TooMuch
from services.evidence.capture.work import Made, Work
from services.evidence.circumstances.traces import accounts, template
from shared.net import AddressRefused, FetchFailed

# As HTML names a page's icon (HTML, 4.6.7.8); without one, browsers ask for /favicon.ico.
ICON = re.compile(r"<link\s[^<>]{0,500}?rel\s*=\s*[\"']?(?:shortcut )?icon\b[^<>]{0,500}>", re.IGNORECASE)
HREF = re.compile(r"href\s*=\s*[\"']?([^\"'\s<>]{1,1000})", re.IGNORECASE)
HEAD = 100_000  # characters in which it stands
MAX_ICON_BYTES, ICON_S = 262_144, 3.0


async def traces(work: Work) -> Made:
    texts = (work.drawn.html, work.page.body.decode("utf-8", "replace"))
    frame, counters = await asyncio.gather(
        asyncio.to_thread(template, work.drawn.html), asyncio.to_thread(accounts, texts)
    )
    url = icon_address(work.page.url, work.drawn.html)
    return Made(
        facts={
            "favicon": short(url),
            "favicon_sha256": await _icon(work, url),
            "template": frame,
            "analytics": list(counters),
        }
    )


def icon_address(page: str, html: str) -> str:
    link = ICON.search(html[:HEAD])
    named = HREF.search(link[0]) if link else None
    try:
        return str(httpx.URL(page).join(named[1] if named else "/favicon.ico"))
    except (httpx.InvalidURL, ValueError):  # the second: of brackets and letters that no host has
        return str(httpx.URL(page).join("/favicon.ico"))


async def _icon(work: Work, url: str) -> str:
    """Its digest; empty where there is none, or a page stands in its place."""
    loaded = work.traffic.answered(url)
    if loaded is None:
        if not url.startswith(("http://", "https://")):
            return ""
        try:
            async with asyncio.timeout(ICON_S):  # for all redirects: a slow icon must not cost the other traces
                loaded = await work.traffic.load_media(url, work.page.url, MAX_ICON_BYTES, seconds=ICON_S)
        except (AddressRefused, FetchFailed, TooMuch, TimeoutError):
            return ""
    if loaded.status != 200 or not loaded.body or loaded.body.lstrip()[:1] == b"<":  # also an SVG: too easily a page
        return ""
    return digest(loaded.body)
