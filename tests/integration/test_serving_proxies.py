"""Who is believed about where a browser is."""

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from services.gateway.routes.knocking import address_of
from services.gateway.settings import Settings
from shared.web import serving


async def told(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(address_of(Request(scope)))(scope, receive, send)


@pytest.mark.parametrize(
    ("proxies", "said", "believed"),
    [
        ("", "203.0.113.9", "127.0.0.1"),
        ("10.0.0.0/8", "203.0.113.9", "127.0.0.1"),
        (Settings.known_proxies("127.0.0.1, 10.0.0.0/8"), "198.51.100.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("127.0.0.1/32", "<script>", "unknown"),
        ("127.0.0.1/32", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
    ],
)
async def test_a_forwarded_address_counts_when_a_named_proxy_says_it(proxies: str, said: str, believed: str) -> None:
    async with serving(told, "127.0.0.1", 0, proxies=proxies) as port, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{port}/", headers={"X-Forwarded-For": said})
    assert answer.text == believed


def test_a_proxy_is_named_by_its_address() -> None:
    for wrong in ("*", "proxy.test"):
        with pytest.raises(ValueError, match="networks such as"):
            Settings.known_proxies(wrong)
