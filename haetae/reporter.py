"""The scripted person of a demonstration who reports a page at the victim's door: the forms that a browser would send,
without scripts and without an account."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx

LANGUAGE = "en"
TIMEOUT_S = 20.0  # the PIN is hashed slowly on purpose, beside a machine at work


@dataclass(frozen=True)
class Receipt:
    """What the person was given. `status_page`: where both are asked for."""

    url: str
    number: str
    pin: str
    status_page: str


async def report_page(
    gateway: str, url: str, on_answer: Callable[[httpx.Response], Awaitable[None]] | None = None
) -> Receipt:
    """`on_answer` hears of every answer. Raises `httpx.HTTPStatusError` when the door refuses it."""
    hooks = {"response": [on_answer]} if on_answer else {}
    async with httpx.AsyncClient(base_url=gateway, timeout=TIMEOUT_S, trust_env=False, event_hooks=hooks) as http:
        form = page(await http.get("/report/new", params={"lang": LANGUAGE}))
        fields = {"token": hidden(form, "token"), "lang": LANGUAGE, "source": "victim", "what": "unsure", "urls": url}
        done = page(await http.post("/report", data={**fields, "consent": "process"}))
    return Receipt(url, shown(done, "number"), shown(done, "pin"), urljoin(gateway, "/report/status"))


async def standing(gateway: str, receipt: Receipt) -> str:
    """What the page says of the address, in the words that the person reads."""
    async with httpx.AsyncClient(base_url=gateway, timeout=TIMEOUT_S, trust_env=False) as http:
        fields = {"number": receipt.number, "pin": receipt.pin, "lang": LANGUAGE}
        return found(r"</code><strong>([^<]+)</strong>", page(await http.post("/report/status", data=fields)))


def page(answer: httpx.Response) -> str:
    answer.raise_for_status()
    return answer.text


def hidden(form: str, name: str) -> str:
    return found(rf'name="{name}" value="([^"]+)"', form)


def shown(text: str, id: str) -> str:
    return found(rf'id="{id}"[^>]*>([^<]+)<', text).strip()


def found(pattern: str, text: str) -> str:
    """Raises `ValueError` for a page that is another than this was written for."""
    match = re.search(pattern, text)
    if match is None:
        raise ValueError(f"the door's page has no {pattern}; does this Haetae belong to that gateway?")
    return match[1]
