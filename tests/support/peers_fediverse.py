"""A server of the federation on loopback: Mastodon's timelines with their Link headers, and ActivityPub outboxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

HOST = "peer.test"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


@dataclass
class Fediverse:
    port: int = 0
    statuses: list[dict[str, Any]] = field(default_factory=list)  # the oldest first
    pictures: dict[str, bytes] = field(default_factory=dict)
    page: int = 3
    asked: list[Request] = field(default_factory=list)

    @property
    def root(self) -> str:
        return f"http://{HOST}:{self.port}"

    def status(self, text: str, **more: Any) -> dict[str, Any]:
        """A public post of this server's minji."""
        number = 100 + len(self.statuses)
        made: dict[str, Any] = {
            "id": str(number),
            "uri": f"{self.root}/users/minji/statuses/{number}",
            "url": f"{self.root}/@minji/{number}",
            "created_at": "2026-01-01T00:00:00.000Z",
            "visibility": "public",
            "language": "ko",
            "spoiler_text": "",
            "content": f"<p>{text}</p>",
            "account": {"acct": "minji", "url": f"{self.root}/@minji"},
            "media_attachments": [],
            "reblog": None,
        } | more
        self.statuses.append(made)
        return made

    def picture(self, body: bytes) -> str:
        self.pictures[f"{len(self.pictures)}.jpg"] = body
        return f"{self.root}/media/{len(self.pictures) - 1}.jpg"

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/v1/timelines/public", self._timeline),
                Route("/api/v1/timelines/tag/{tag}", self._timeline),
                Route("/users/minji/outbox", self._outbox),
                Route("/media/{name}", self._picture),
            ]
        )

    def _older(self, below: int) -> list[dict[str, Any]]:
        return [one for one in reversed(self.statuses) if int(one["id"]) < below][: self.page]

    async def _timeline(self, request: Request) -> Response:
        self.asked.append(request)
        shown = self._older(int(request.query_params.get("max_id", 10**9)))
        headers = {}
        if shown:
            here = f"{self.root}{request.url.path}"
            newer, older = f"{here}?min_id={shown[0]['id']}", f"{here}?max_id={shown[-1]['id']}"
            headers["Link"] = f'<{older}>; rel="next", <{newer}>; rel="prev"'
        return JSONResponse(shown, headers=headers)

    async def _outbox(self, request: Request) -> Response:
        self.asked.append(request)
        if "activity+json" not in request.headers.get("accept", ""):
            return Response("<html>a page for people</html>", media_type="text/html")
        here = f"{self.root}/users/minji/outbox"
        if "page" not in request.query_params:
            return _activity({"id": here, "type": "OrderedCollection", "first": f"{here}?page=true"})
        shown = self._older(int(request.query_params.get("max_id", 10**9)))
        page: dict[str, Any] = {"type": "OrderedCollectionPage", "partOf": here}
        if shown:
            page["next"] = f"{here}?page=true&max_id={shown[-1]['id']}"
        return _activity(page | {"orderedItems": [self._create(one) for one in shown]})

    def _create(self, status: dict[str, Any]) -> dict[str, Any]:
        note = {
            "id": status["uri"],
            "type": "Note",
            "url": status["url"],
            "content": status["content"],
            "contentMap": {"ko": status["content"]},
            "published": "2026-01-01T00:00:00Z",
            "attributedTo": f"{self.root}/users/minji",
            "to": [PUBLIC] if status["visibility"] == "public" else [f"{self.root}/users/minji/followers"],
            "cc": [PUBLIC] if status["visibility"] == "unlisted" else [],
            "attachment": [
                {"type": "Document", "mediaType": "image/jpeg", "url": one["url"]}
                for one in status["media_attachments"]
            ],
        }
        return {"id": f"{status['uri']}/activity", "type": "Create", "to": note["to"], "object": note}

    async def _picture(self, request: Request) -> Response:
        return Response(self.pictures[request.path_params["name"]], media_type="image/jpeg")


def _activity(value: dict[str, Any]) -> Response:
    said = {"@context": "https://www.w3.org/ns/activitystreams", **value}
    return JSONResponse(said, media_type="application/activity+json")
