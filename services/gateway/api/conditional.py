"""Entity tags: what did not change is not sent again, and who changes something says which state of it they saw.

The tag of an answer is the digest of its bytes: strong (RFC 9110, 8.8.1), and right for whatever a route answers with;
a route whose answer can be edited says it itself (`state_tag`).
"""

import hashlib
import json
import re
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.answers import API
from services.gateway.api.held_back import HeldBack
from services.gateway.problems import Problem

_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
DIGITS = 32  # hexadecimal ones, 128 bits: nobody finds two states with one tag


def tag_of(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:DIGITS]}"'


def names(header: str, tag: str) -> bool:
    """Whether `If-None-Match` or `If-Match` has the tag (`*` has every one). Weak and strong ones are compared alike:
    ours are all strong, and a proxy that compresses makes them weak."""
    return header.strip() == "*" or tag.strip('"') in _TAG.findall(header)


def state_tag(state: BaseModel) -> str:
    """Of what can be edited in place: its GET says it as `ETag`, its PUT takes it as `If-Match`."""
    return tag_of(state.model_dump_json().encode())


# What a PUT takes: `known: IfMatch = None`.
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The `ETag` of the state that you saw: 412 when it is another one by now."),
]


def must_match(header: str | None, tag: str) -> None:
    """Called where something is changed, inside its transaction, with what changes held. Raises `Problem` 412 when
    `If-Match` names another state of it, 400 when it names none at all."""
    if header is None:
        return
    if header.strip() != "*" and not _TAG.search(header):
        raise Problem(400, "bad-etag", field="If-Match")
    if not names(header, tag):
        raise Problem(412, "changed-since", field="If-Match")


def next_of(body: bytes) -> str | None:
    """Where a list goes on (`Link`, RFC 8288). The last page, and what is no list, is not read for it."""
    if b'"next":"' not in body:
        return None
    told = json.loads(body)
    following = told.get("next") if isinstance(told, dict) else None
    return following if isinstance(following, str) else None


class Conditional:
    """Gives every JSON answer to a GET of the API its tag, and answers 304 to whoever has it; links the page of a list
    to the next one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(API):
            return await self._app(scope, receive, send)
        held = HeldBack(send)
        await self._app(scope, receive, held)
        if not _is_json(held):
            return await held.release()
        if following := next_of(held.body):
            url = Request(scope).url.include_query_params(after=following)
            # Without the host, which is the asker's word for us.
            held.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
        tag = held.headers.setdefault("ETag", tag_of(held.body))
        if names(Headers(scope=scope).get("If-None-Match", ""), tag):
            await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", tag.encode())]})
            return await send({"type": "http.response.body", "body": b""})
        await held.release()


def _is_json(held: HeldBack) -> bool:
    return held.whole and held.status == 200 and held.headers.get("Content-Type", "").startswith("application/json")
