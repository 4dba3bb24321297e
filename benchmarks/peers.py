"""The peer of the loop: what an office would script by hand with the same well-known libraries.

One page after another: fetch it, hash its pictures, compare with the list, open a browser for a screenshot, fill the
letter in. No queue, no database, no broker, no approval, no second try: everything that it lacks is time that it saves.
"""

import hashlib
import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template
from urllib.parse import urljoin, urlsplit

import httpx
import numpy as np
import pdqhash
from PIL import Image
from playwright.async_api import Browser, Playwright
from selectolax.lexbor import LexborHTMLParser

LETTER = Template("To $to\n\nPlease remove $url (SHA-256 $digest), seen at $seen.\n")


@dataclass(frozen=True)
class Web:
    """How to reach the sandbox: host name → address, all on one port."""

    addresses: Mapping[str, str]
    port: int

    def request(self, url: str) -> tuple[str, dict[str, str]]:
        parts = urlsplit(url)
        address = f"http://{self.addresses[parts.hostname or '']}:{self.port}{parts.path}"
        return address + (f"?{parts.query}" if parts.query else ""), {"Host": parts.netloc}


async def case(url: str, web: Web, known: Sequence[np.ndarray], browser: Browser) -> str:
    """One page from fetch to letter; the browser is the caller's, warm or fresh."""
    async with httpx.AsyncClient(trust_env=False) as client:
        address, headers = web.request(url)
        page = (await client.get(address, headers=headers)).content
        for image in LexborHTMLParser(page).css("article img, main img"):
            address, headers = web.request(urljoin(url, image.attributes["src"] or ""))
            picture = (await client.get(address, headers=headers)).content
            nearest(picture, known)
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    tab = await context.new_page()
    await tab.goto(url)
    shot = await tab.screenshot(full_page=True, type="jpeg", quality=80)
    await context.close()
    return LETTER.substitute(
        to=urlsplit(url).hostname, url=url, digest=hashlib.sha256(page + shot).hexdigest(), seen=time.ctime()
    )


def nearest(picture: bytes, known: Sequence[np.ndarray]) -> int:
    """Bits by which the nearest known hash differs."""
    hashes, _ = pdqhash.compute_dihedral(np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")))
    return min(int(np.count_nonzero(one != other)) for one in hashes for other in known)


async def open_browser(playwright: Playwright, executable: str, web: Web) -> Browser:
    rules = ",".join(f"MAP {name} {address}" for name, address in web.addresses.items())
    return await playwright.chromium.launch(
        executable_path=executable, args=[f"--host-resolver-rules={rules}", "--no-sandbox"]
    )
