"""The control interface on 127.0.0.1: the answer sheet, statistics, and hooks for tests. JSON in and out."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sandbox.composing import Plan, compose
from sandbox.http import Request, Response, plain, response
from sandbox.known import LABELS
from sandbox.live import LiveWorld
from sandbox.mailbox import parse_address
from sandbox.model import Behaviour, Finding, Picture, Transform
from sandbox.operators import Operators
from sandbox.text import Flavour
from sandbox.traffic import Traffic
from sandbox.truth import Json, Truth

_E = TypeVar("_E", Behaviour, Transform)


class Refused(ValueError):
    """The request names something that is not there; the text says what would be accepted."""


@dataclass(slots=True)
class Control:
    live: LiveWorld
    operators: Operators
    truth: Truth
    traffic: Traffic
    port: int

    def respond(self, request: Request) -> Response:
        path = request.target.partition("?")[0]
        try:
            if request.method == "GET" and (read := self._reads().get(path)) is not None:
                return _json(200, read())
            if request.method == "POST":
                return _json(200, self._change(path, _fields(request.body)))
        except Refused as refusal:
            return _json(400, {"error": str(refusal)})
        return plain(404, "GET /truth /posts /stats /health, POST /posts /takedown /operators/HOST\n")

    def _reads(self) -> dict[str, Callable[[], object]]:
        return {
            "/truth": self.truth.as_json,
            "/posts": self.truth.every_post,
            "/stats": self._stats,
            "/health": lambda: {"hosts": len(self.live.hosts), "port": self.port},
        }

    def _stats(self) -> Json:
        traffic, notices = self.traffic, self.operators.as_json()
        return {"requests": traffic.requests, "hosts": traffic.as_json(), "notices": notices}

    def _change(self, path: str, fields: Json) -> Json:
        if path == "/posts":
            return {"url": self.publish(fields)}
        if path == "/takedown":
            return {"status": self.take_down(fields)}
        if path.startswith("/operators/"):
            host = self._host({"host": path.removeprefix("/operators/")})
            self.operators.behaviours[host] = behaviour = _member(Behaviour, fields, "behaviour")
            return {"host": host, "behaviour": behaviour}
        raise Refused(f"cannot POST to {path}: use /posts, /takedown or /operators/HOST")

    def publish(self, fields: Json) -> str:
        """A new post, now. `kind` is picture, text or harmless; a picture's `known` and `transform` may be given, and
        `words` that a finding of text has."""
        host, kind = self._host(fields), fields.get("kind", "harmless")
        if kind == "picture":
            known = fields.get("known", LABELS[0])
            if known not in LABELS:
                raise Refused(f"known: {known!r} is no stand-in; one of {', '.join(LABELS)}")
            transform = _member(Transform, {"transform": Transform.IDENTITY, **fields}, "transform")
            flavour = Flavour.CUE if fields.get("words") is True else Flavour.ORDINARY
            picture = Picture(str(known), known=True, transform=transform)
            plan = Plan(flavour=flavour, picture=picture, finding=Finding.PICTURE)
        elif kind == "text":
            plan = Plan(flavour=Flavour.CUE, finding=Finding.TEXT)
        elif kind == "harmless":
            plan = Plan(flavour=Flavour.NEAR)
        else:
            raise Refused(f"kind: {kind!r} is unknown; one of picture, text, harmless")
        post = compose(self.live.world.seed, self.live.hosts[host], self.live.count(host), plan)
        self.live.add(post)
        self.live.publish(post.key)
        return f"http://{host}:{self.port}{post.path}"

    def take_down(self, fields: Json) -> str:
        """What the host's operator does with that address, now; with a `behaviour`, as that kind of operator."""
        url = fields.get("url")
        address = parse_address(url) if isinstance(url, str) else None
        key = (
            self.operators.post_at(address.host, address.target)
            if address and address.host in self.live.hosts
            else None
        )
        if key is None:
            raise Refused(f"url: no post is at {url!r}; GET /posts lists them")
        if "behaviour" in fields:
            return self.live.take_down(key, _member(Behaviour, fields, "behaviour"))
        self.operators.act(key)
        return self.live.posts[key].status

    def _host(self, fields: Json) -> str:
        host = fields.get("host")
        if not isinstance(host, str) or host not in self.live.hosts:
            raise Refused(f"host: {host!r} is not in this world; one of {', '.join(self.live.hosts)}")
        return host


def _member(kind: type[_E], fields: Json, name: str) -> _E:
    try:
        return kind(str(fields.get(name)))
    except ValueError:
        raise Refused(f"{name}: {fields.get(name)!r} is unknown; one of {', '.join(kind)}") from None


def _fields(body: bytes) -> Json:
    try:
        fields = json.loads(body or b"{}")
    except ValueError as fault:
        raise Refused(f"the body is no JSON: {fault}") from None
    if not isinstance(fields, dict):
        raise Refused("the body must be a JSON object")
    return fields


def _json(status: int, value: object) -> Response:
    return response(status, "application/json", json.dumps(value, ensure_ascii=False).encode())
