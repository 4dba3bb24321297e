"""A Matrix server's client-server interface on loopback, as its specification describes it: what a reader needs of it.

`/directory/room`, state of `m.room.join_rules` and `m.room.history_visibility`, `/messages` forwards and backwards with
opaque tokens, 429 with `retry_after_ms`. A room that is not world readable answers strangers with M_FORBIDDEN.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ROOM, ALIAS = "!harbour:rooms.test", "#harbour:rooms.test"
DAY_MS = 1_767_225_600_000  # 2026-01-01


@dataclass
class Matrix:
    join_rule: str = "public"
    visibility: str = "world_readable"
    member_token: str | None = None  # who sends it may read whatever the visibility is
    events: list[dict[str, Any]] = field(default_factory=list)
    fail: list[tuple[int, dict[str, Any]]] = field(default_factory=list)  # the next answers
    names_end: bool = True  # whether a page at the end of the room names a place to go on from
    asked: list[str] = field(default_factory=list)

    def say(self, text: str, sender: str = "@minji:rooms.test", **more: Any) -> str:
        """A message; its event id."""
        number = len(self.events)
        content = more.pop("content", {"msgtype": "m.text", "body": text})
        event = {"event_id": f"$e{number}", "sender": sender, "type": "m.room.message", "content": content}
        self.events.append(event | {"origin_server_ts": DAY_MS + 1000 * number, "room_id": ROOM} | more)
        return f"$e{number}"

    @property
    def app(self) -> Starlette:
        v3 = "/_matrix/client/v3"
        return Starlette(
            routes=[
                Route(f"{v3}/directory/room/{{alias}}", self._alias),
                Route(f"{v3}/rooms/{{room}}/state/{{kind}}", self._state),
                Route(f"{v3}/rooms/{{room}}/messages", self._messages),
            ]
        )

    def _refusal(self, request: Request) -> Response | None:
        self.asked.append(request.url.path.rpartition("/")[2])
        if self.fail:
            code, said = self.fail.pop(0)
            return JSONResponse(said, code)
        if request.path_params.get("room", ROOM) != ROOM:
            return JSONResponse({"errcode": "M_FORBIDDEN", "error": "You are not in this room"}, 403)
        member = self.member_token and request.headers.get("authorization") == f"Bearer {self.member_token}"
        if self.visibility != "world_readable" and not member:
            return JSONResponse({"errcode": "M_FORBIDDEN", "error": "You are not in this room"}, 403)
        return None

    async def _alias(self, request: Request) -> Response:
        if request.path_params["alias"] != ALIAS:
            return JSONResponse({"errcode": "M_NOT_FOUND", "error": "Room alias not found"}, 404)
        return JSONResponse({"room_id": ROOM, "servers": ["rooms.test"]})

    async def _state(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        states = {
            "m.room.join_rules": {"join_rule": self.join_rule},
            "m.room.history_visibility": {"history_visibility": self.visibility},
        }
        return JSONResponse(states[request.path_params["kind"]])

    async def _messages(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        limit, backwards = int(request.query_params.get("limit", 10)), request.query_params["dir"] == "b"
        place = int(request.query_params.get("from", f"t{len(self.events) if backwards else 0}")[1:])
        chunk = self.events[:place][::-1][:limit] if backwards else self.events[place:][:limit]
        end = place - len(chunk) if backwards else place + len(chunk)
        at_end = end == (0 if backwards else len(self.events))
        said: dict[str, Any] = {"start": f"t{place}", "chunk": chunk}
        return JSONResponse(said | ({"end": f"t{end}"} if self.names_end or not at_end else {}))
