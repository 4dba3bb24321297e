"""A messenger's bot-style HTTP interface on loopback, as its public documents describe it: long enough for a crawler.

`getUpdates` (offset, limit, allowed_updates; confirmed updates are forgotten), `getFile`, `getChat`, files, errors with
`parameters.retry_after`, 409 for a second reader.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "4242:stand-in-token-of-nobody-at-all"
DAY = 1_767_225_600  # 2026-01-01


@dataclass
class Messenger:
    waiting: list[dict[str, Any]] = field(default_factory=list)  # updates that nobody confirmed
    files: dict[str, bytes] = field(default_factory=dict)
    chats: dict[int, dict[str, Any]] = field(default_factory=dict)
    fail: list[tuple[int, dict[str, Any]]] = field(default_factory=list)  # the next answers of getUpdates
    refused_files: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)  # method and query of each call, without the token
    headers: dict[str, str] = field(default_factory=dict)  # of the answers of getUpdates
    next_update: int = 1
    next_message: int = 1

    def post(self, text: str, channel: str = "lanterns", picture: bytes | None = None, **more: Any) -> int:
        """A channel post; its message id."""
        message: dict[str, Any] = {"chat": {"id": -1001, "type": "channel", "title": "Lanterns", "username": channel}}
        if picture is not None:
            self.files[f"file{len(self.files)}"] = picture
            id = f"file{len(self.files) - 1}"
            small = {"file_id": "none", "file_unique_id": "small", "width": 9, "height": 9, "file_size": 10}
            large = {"file_id": id, "file_unique_id": f"u{id}", "width": 480, "height": 320, "file_size": len(picture)}
            message |= {"photo": [small, large], "caption": text}
        else:
            message["text"] = text
        return self.update("channel_post", message | more)

    def say(self, text: str, speaker: int = 7, **chat: Any) -> int:
        """A message of a group."""
        where = {"id": -2002, "type": "supergroup", "username": "lantern_room", "title": "Room", **chat}
        self.chats.setdefault(where["id"], where)
        return self.update("message", {"chat": where, "from": {"id": speaker, "first_name": "A"}, "text": text})

    def update(self, kind: str, message: dict[str, Any]) -> int:
        message = {"message_id": self.next_message, "date": DAY + self.next_message, **message}
        self.waiting.append({"update_id": self.next_update, kind: message})
        self.next_update, self.next_message = self.next_update + 1, self.next_message + 1
        return int(message["message_id"])

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/bot{token}/{method}", self._call),
                Route("/file/bot{token}/files/{name}", self._file),
            ]
        )

    async def _call(self, request: Request) -> Response:
        method, query = request.path_params["method"], dict(request.query_params)
        self.asked.append(f"{method} {json.dumps(query, sort_keys=True)}")
        if request.path_params["token"] != TOKEN:
            return error(401, "Unauthorized")
        made = {"getUpdates": self._updates, "getFile": self._named_file, "getChat": self._chat}.get(method)
        return made(query) if made else error(404, "Not Found: method not found")

    def _updates(self, query: dict[str, str]) -> Response:
        if self.fail:
            code, more = self.fail.pop(0)
            return error(code, **more)
        if "offset" in query:
            self.waiting = [one for one in self.waiting if one["update_id"] >= int(query["offset"])]
        allowed = json.loads(query["allowed_updates"])
        shown = [one for one in self.waiting if set(one) & set(allowed)][: int(query.get("limit", 100))]
        return JSONResponse({"ok": True, "result": shown}, headers=self.headers)

    def _named_file(self, query: dict[str, str]) -> Response:
        id = query["file_id"]
        if id not in self.files or id in self.refused_files:
            return error(400, "Bad Request: file is too big")
        return ok({"file_id": id, "file_unique_id": f"u{id}", "file_path": f"files/{id}.jpg"})

    def _chat(self, query: dict[str, str]) -> Response:
        found = self.chats.get(int(query["chat_id"]))
        return ok(found) if found else error(400, "Bad Request: chat not found")

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"].removesuffix(".jpg")
        self.asked.append(f"file {name}")
        if request.path_params["token"] != TOKEN or name not in self.files:
            return error(404, "Not Found")
        return Response(self.files[name], media_type="image/jpeg")


def ok(result: object) -> Response:
    return JSONResponse({"ok": True, "result": result})


def error(code: int, description: str = "", **parameters: Any) -> Response:
    said: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return JSONResponse(said | ({"parameters": parameters} if parameters else {}), code)
