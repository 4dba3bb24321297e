"""Serving: what a connection may make us believe."""

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from shared.web import serving


async def test_the_address_of_a_client_is_that_of_its_connection():
    async def address(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{request.url.scheme} {request.client and request.client.host}")

    claimed = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "Forwarded": "for=192.0.2.7"}
    app = Starlette(routes=[Route("/", address)])
    async with serving(app, "127.0.0.1", 0) as port, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{port}/", headers=claimed)
    assert answer.text == "http 127.0.0.1"
