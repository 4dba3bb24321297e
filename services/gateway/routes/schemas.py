"""The contract with other agencies, where everybody can read it: schemas that never change, and AsyncAPI."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.gateway.answers import ErrorItem, describe, details
from services.gateway.api.conditional import names, tag_of
from services.gateway.problems import Problem
from services.gateway.texts import Texts
from shared.events.published import published

router = APIRouter()
YEAR = 365 * 86400
FOR_EVER = f"public, max-age={YEAR}, immutable"
# What changes with a release is asked for again after an hour.
CACHED = "public, max-age=3600"
SCHEMA, ASYNCAPI = "application/schema+json", "application/json"
NO_SCHEMA = "no-schema"


@router.get("/schemas")
async def listed(request: Request) -> Response:
    """Every version of every type, the newest last."""
    schemas = [
        {"type": type, "versions": [{"version": one, "schema": f"/schemas/{type}/{one}"} for one in _sorted(versions)]}
        for type, versions in sorted(published().schemas.items())
    ]
    return JSONResponse({"schemas": schemas, "asyncapi": "/asyncapi.json"}, headers={"Cache-Control": CACHED})


@router.get("/schemas/{type}/{version}")
async def schema(request: Request, type: str, version: str) -> Response:
    content = published().schemas.get(type, {}).get(version)
    return _unknown(request) if content is None else _answer(request, content, SCHEMA, FOR_EVER)


@router.get("/asyncapi.json")
async def asyncapi(request: Request) -> Response:
    return _answer(request, published().asyncapi, ASYNCAPI, CACHED)


def _answer(request: Request, content: bytes, media: str, cached: str) -> Response:
    headers = {"ETag": tag_of(content), "Cache-Control": cached, "Access-Control-Allow-Origin": "*"}
    if names(request.headers.get("If-None-Match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media, headers=headers)


def _unknown(request: Request) -> Response:
    """For programs: whoever follows a `dataschema` is one."""
    known = ", ".join(f"{type}/{one}" for type, some in sorted(published().schemas.items()) for one in _sorted(some))
    words = describe(Problem(404, NO_SCHEMA, known=known), Texts("en"))
    item = ErrorItem(field="version", code=NO_SCHEMA, problem=words["problem"], cure=words["cure"])
    return details(request, 404, NO_SCHEMA, [item])


def _sorted(versions: dict[str, bytes]) -> list[str]:
    return sorted(versions, key=lambda version: [int(part) for part in version.split(".")])
