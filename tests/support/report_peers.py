"""Report APIs on loopback, as strict as their documentation: what they took, and faults on demand."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from xarf import schema_validator

TOKEN = "stand-in-token-of-nobody-at-all"
SECRET_KEY = "stand-in-secret-key-of-nobody"
ACCESS_KEY = "AKIASTANDIN"
ACCOUNT = "023e105f4ecef8ad9ca31a8372d0c353"


@dataclass
class Peer:
    """`reports`: what was taken, by number. `faults`: of the next reports: busy (503), lost (taken, then no whole
    answer), broken (taken, then 500), garbage (taken, then a page)."""

    reports: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    posted: int = 0
    looked: int = 0

    def faulty(self, taken: Callable[[], Response]) -> Response:
        match self.faults.pop(0) if self.faults else "":
            case "busy":
                return JSONResponse({"message": "later"}, 503, {"Retry-After": "90"})
            case "lost":
                taken()
                return StreamingResponse(_broken_off(), 200, {"Content-Length": "9000"})
            case "broken":
                taken()
                return JSONResponse({"message": "an unexpected error"}, 500)
            case "garbage":
                taken()
                return Response("<p>Welcome</p>", 200, media_type="text/html")
            case _:
                return taken()

    def number(self, of: str) -> str:
        return hashlib.sha256(f"{of}/{len(self.reports)}".encode()).hexdigest()[:24]


async def _broken_off() -> AsyncIterator[bytes]:
    yield b"{"


class DeletionSupport(Peer):
    """`docs/report-api.md`."""

    NEEDED = frozenset({"version", "notice_id", "key", "reference", "category", "urls", "text", "reporter"})

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/reports", self._take, methods=["POST"]),
                Route("/v1/reports", self._list),
                Route("/v1/reports/{number}", self._one),
            ]
        )

    async def _take(self, request: Request) -> Response:
        self.posted += 1
        body, key = await request.json(), request.headers.get("idempotency-key")
        if (refused := self._unauthorised(request)) is not None:
            return refused
        if missing := sorted(self.NEEDED - body.keys()):
            return _error(422, "missing_field", f"missing: {', '.join(missing)}")
        if not key or key != body["key"]:
            return _error(400, "no_key", "Idempotency-Key and key must be the same")
        if len(body["urls"]) > 200:
            return _error(422, "too_many_urls", "at most 200")

        def taken() -> Response:
            for number, one in self.reports.items():
                if one["key"] == key:
                    return JSONResponse({"report_id": number, "state": one["state"]}, 200)
            number = self.number(key)
            self.reports[number] = {**body, "report_id": number, "state": "received"}
            return JSONResponse({"report_id": number, "state": "received"}, 201)

        return self.faulty(taken)

    async def _list(self, request: Request) -> Response:
        self.looked += 1
        if (refused := self._unauthorised(request)) is not None:
            return refused
        wanted = request.query_params.get("key")
        return JSONResponse({"reports": [one for one in self.reports.values() if one["key"] == wanted]})

    async def _one(self, request: Request) -> Response:
        self.looked += 1
        if (refused := self._unauthorised(request)) is not None:
            return refused
        one = self.reports.get(request.path_params["number"])
        return JSONResponse(one) if one else _error(404, "no_report", "no such report")

    def _unauthorised(self, request: Request) -> Response | None:
        if request.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return _error(401, "unauthorised", f"who is {request.headers.get('authorization')}?")


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


class Cloudflare(Peer):
    """`POST /accounts/{account_id}/abuse-reports/{report_param}`, list and details, as developers.cloudflare.com says.

    `entitled`: whether the account may; without it the answer is 401, in the documented words."""

    COMMON = frozenset({"act", "email", "email2", "name", "urls", "host_notification", "owner_notification"})
    MAY = frozenset({"comments", "company", "reported_country", "reported_user_agent", "tele", "title"})
    OWN: ClassVar = {
        "abuse_ncsei": (frozenset({"ncsei_subject_representation"}), frozenset({"country"})),
        "abuse_children": (frozenset({"justification"}), frozenset({"country", "ncmec_notification"})),
    }
    LONGEST: ClassVar = {"comments": 2000, "justification": 5000, "name": 255, "company": 100, "tele": 20}
    ENTITLEMENT = "Not entitled to use feature: Abuse Report API"
    entitled = True

    @property
    def app(self) -> Starlette:
        root = "/client/v4/accounts/{account}/abuse-reports"
        return Starlette(
            routes=[
                Route(root, self._list),
                Route(root + "/{act}", self._take, methods=["POST"]),
                Route(root + "/{act}", self._one, methods=["GET"]),
            ]
        )

    async def _take(self, request: Request) -> Response:
        self.posted += 1
        act, body = request.path_params["act"], await request.json()
        if (refused := self._unauthorised(request)) is not None:
            return refused
        if (wrong := self._wrong(act, body)) is not None:
            return self._refused(act, wrong)
        urls = body["urls"].split("\n")

        def taken() -> Response:
            number = self.number(urls[0])
            summary = {"accepted_url_count": 0, "active_count": 0, "external_host_notified": False}
            self.reports[number] = {
                "id": number,
                "cdate": "2026-01-01T00:00:00Z",
                "domain": urls[0].split("/")[2],
                "mitigation_summary": {**summary, "in_review_count": 0, "pending_count": 0},
                "status": "in_review",
                "type": "NCSEI",
                "urls": urls,
                "sent": body,
            }
            return JSONResponse({"abuse_rand": number, "request": {"act": act}, "result": "success"})

        return self.faulty(taken)

    def _wrong(self, act: str, body: dict[str, Any]) -> str | None:
        needed, may = self.OWN.get(act, (frozenset(), frozenset()))
        if act not in self.OWN or body.get("act") != act:
            return "Report has invalid type"
        if missing := sorted((self.COMMON | needed) - body.keys()):
            return f"Missing a required field ({', '.join(missing)})"
        if extra := sorted(body.keys() - self.COMMON - self.MAY - needed - may):
            return f"An unexpected error occurred ({', '.join(extra)})"
        if body["email"] != body["email2"]:
            return "Provided emails did not match"
        if body["host_notification"] not in ("send", "send-anon"):
            return "Invalid value for notification preference"
        if body["owner_notification"] not in ("send", "send-anon", "none"):
            return "Invalid value for notification preference"
        if any(len(body.get(name, "x")) not in range(1, most + 1) for name, most in self.LONGEST.items()):
            return "Comment maximum length of 2000 characters exceeded"
        urls = body["urls"].split("\n")
        if len(urls) > 250 or len(set(urls)) < len(urls):
            return "Provided value has invalid size"
        if len({url.split("/")[2] for url in urls}) > 1:
            return "You have entered URLs that contain more than 1 unique hostname."
        if any(set(urls) & set(one["urls"]) for one in self.reports.values()):
            return "You have already submitted this URL in the last 7 days"
        return None

    def _refused(self, act: str, why: str) -> JSONResponse:
        return JSONResponse({"error_code": 1, "msg": why, "request": {"act": act}, "result": "error"}, 400)

    def _unauthorised(self, request: Request) -> Response | None:
        given = request.headers.get("authorization", "")
        if given != f"Bearer {TOKEN}":
            return _failed(401, f"Authentication error: {given.removeprefix('Bearer ')}")
        if request.path_params["account"] != ACCOUNT:
            return _failed(404, "no such account")
        return None if self.entitled else _failed(401, self.ENTITLEMENT)

    async def _list(self, request: Request) -> Response:
        self.looked += 1
        if (refused := self._unauthorised(request)) is not None:
            return refused
        return _good({"reports": [_public(one) for one in self.reports.values()]})

    async def _one(self, request: Request) -> Response:
        self.looked += 1
        if (refused := self._unauthorised(request)) is not None:
            return refused
        one = self.reports.get(request.path_params["act"])
        return _good(_public(one)) if one else _failed(404, "not found")


def _public(report: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if name != "sent"}


def _good(result: object) -> JSONResponse:
    return JSONResponse({"success": True, "errors": [], "messages": [], "result": result})


def _failed(status: int, message: str) -> JSONResponse:
    errors = [{"code": 10000, "message": message}]
    return JSONResponse({"success": False, "errors": errors, "messages": [], "result": None}, status)


class AbuseSignal(Peer):
    """The AWS Abuse Signal API: `POST /v1/abuse`, `GET /v1/abuse/{id}`, `GET /v1/abusestatuses`, signed (SigV4)."""

    allowed = True

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/abuse", self._take, methods=["POST"]),
                Route("/v1/abuse/{number}", self._one),
                Route("/v1/abusestatuses", self._list),
            ]
        )

    async def _take(self, request: Request) -> Response:
        self.posted += 1
        if (refused := await self._unauthorised(request)) is not None:
            return refused
        body = await request.json()
        if body.keys() - {"clientToken", "correlationId", "report"} or set(body["report"]) != {"xarf"}:
            return JSONResponse({"message": "unknown member", "fieldList": []}, 400)
        wrong = schema_validator.validate(body["report"]["xarf"])
        if wrong:
            fields = [{"path": one.field, "message": one.message} for one in wrong]
            return JSONResponse({"message": "the report does not match the schema", "fieldList": fields}, 400)

        def taken() -> Response:
            for number, one in self.reports.items():
                if one["clientToken"] == body["clientToken"]:
                    return JSONResponse({"reportId": number, "status": one["status"]}, 202)
            number = self.number(body["clientToken"])
            self.reports[number] = {**body, "reportId": number, "status": "QUEUED", "description": "queued"}
            return JSONResponse({"reportId": number, "status": "QUEUED"}, 202)

        return self.faulty(taken)

    async def _one(self, request: Request) -> Response:
        self.looked += 1
        if (refused := await self._unauthorised(request)) is not None:
            return refused
        one = self.reports.get(request.path_params["number"])
        return JSONResponse(_status(one)) if one else JSONResponse({"message": "no such report"}, 404)

    async def _list(self, request: Request) -> Response:
        self.looked += 1
        if (refused := await self._unauthorised(request)) is not None:
            return refused
        wanted = request.query_params.get("correlationId")
        found = [_status(one) for one in self.reports.values() if one["correlationId"] == wanted]
        return JSONResponse({"reports": found})

    async def _unauthorised(self, request: Request) -> Response | None:
        if not self.allowed:
            return JSONResponse({"message": "not authorized to perform: abuse:CreateAbuseReport"}, 403)
        body = await request.body()
        if _aws_signature(request, body) in request.headers.get("authorization", ""):
            return None
        return JSONResponse({"message": "The request signature we calculated does not match"}, 403)


def _status(report: dict[str, Any]) -> dict[str, Any]:
    told = ("reportId", "status", "description", "correlationId", "reasonCode")
    return {name: report[name] for name in told if name in report}


def _aws_signature(request: Request, body: bytes) -> str:
    """As the server computes it, from what arrived ("Create a signed AWS API request", steps 1 to 5)."""
    given = dict(part.strip().split("=", 1) for part in request.headers["authorization"].split(" ", 1)[1].split(","))
    _, day, region, service, _ = given["Credential"].split("/")
    names = given["SignedHeaders"].split(";")
    query = sorted(parse_qsl(request.url.query, keep_blank_values=True))
    canonical = [request.method, quote(request.url.path)]
    canonical.append("&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query))
    canonical += [f"{name}:{request.headers[name].strip()}" for name in names]
    canonical += ["", ";".join(names), hashlib.sha256(body).hexdigest()]
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{day}/{region}/{service}/aws4_request\n{digest}"
    key = ("AWS4" + SECRET_KEY).encode()
    for step in (day, region, service, "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return f"Signature={hmac.digest(key, text.encode(), 'sha256').hex()}"
