"""Who asks, in which language, and whether a form is ours: what routes depend on."""

from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.parts import Parts, parts_of
from services.gateway.problems import Problem
from services.gateway.sessions import LIFETIME, Visitor, recognise
from services.gateway.texts import Texts, negotiate
from services.gateway.tokens import csrf_token, same

PASSIVE_HEADER = "X-Haetae-Passive"  # the page asks by itself: that nobody did anything stays so
LIVE = ("/live", "/api/live")  # streams that a page opens anew by itself
LANGUAGE_COOKIE = "haetae_language"
CSRF_FIELD, CSRF_HEADER = "csrf", "X-CSRF-Token"
LANGUAGE_DAYS = 365
MAX_GOING = 2_000  # characters of a path to go on to: it is kept while somebody logs in
MAX_FIELDS = 500  # of a form: a verdict has two for each notice; eight hosts with their people make some eighty


def session_cookie(parts: Parts) -> str:
    return bound("haetae_session", parts)


def login_cookie(parts: Parts) -> str:
    """Stands in for a session while there is none, so that the login form is guarded too."""
    return bound("haetae_login", parts)


def bound(name: str, parts: Parts) -> str:
    """With TLS the name binds the cookie to this host and to HTTPS (RFC 6265bis, `__Host-`)."""
    return f"__Host-{name}" if parts.tls else name


async def recognised(request: Request) -> Visitor | None:
    """Who asks; from then on `parts_of` gives the rows of their agency. Looked up once a request."""
    if not hasattr(request.state, "visitor"):
        request.state.visitor = visitor = await _visitor(request, parts_of(request))
        request.state.agency = visitor.account.agency if visitor else ""
    return cast(Visitor | None, request.state.visitor)


async def _visitor(request: Request, parts: Parts) -> Visitor | None:
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await recognise(parts.database, bearer.strip(), by_cookie=False)
    cookie = request.cookies.get(session_cookie(parts))
    passive = PASSIVE_HEADER in request.headers or request.url.path in LIVE
    return await recognise(parts.database, cookie, True, passive) if cookie else None


async def readable(request: Request) -> None:
    """Raises `Problem` 404 for a path with U+0000, which names nothing: PostgreSQL keeps it not."""
    if "\0" in request.url.path:
        raise Problem(404, "no-page")


async def reader(visitor: Annotated[Visitor | None, Depends(recognised)]) -> Visitor:
    """Anybody who is logged in."""
    if visitor is None:
        raise Problem(401, "not-logged-in")
    return visitor


async def guarded_form(request: Request, token: str) -> FormData:
    """The fields of a form that our page made for the holder of `token`. Raises `Problem` 403."""
    form = await request.form(max_files=0, max_fields=MAX_FIELDS)
    proof = request.headers.get(CSRF_HEADER) or text_of(form, CSRF_FIELD)
    if not token or not same(proof, csrf_token(token)):
        raise Problem(403, "csrf")
    return form


def text_of(form: FormData, field: str) -> str:
    """The field's text without U+0000, which PostgreSQL keeps not; empty when it is missing (and never a file)."""
    value = form.get(field)
    return value.replace("\0", "") if isinstance(value, str) else ""


def texts_of(request: Request) -> Texts:
    accepted = request.headers.get("Accept-Language")
    return Texts(negotiate(request.cookies.get(LANGUAGE_COOKIE), accepted, parts_of(request).language))


def local_path(path: str | None) -> str:
    """A path of this gateway to go on to; the queue for anything that could lead elsewhere."""
    path = path if path and len(path) <= MAX_GOING else "/"
    split = urlsplit(path)
    plain = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if plain and not split.scheme and not split.netloc else "/"


def remember(response: Response, parts: Parts, name: str, value: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=parts.tls, path="/")


def remember_session(response: Response, parts: Parts, token: str) -> None:
    remember(response, parts, session_cookie(parts), token, int(LIFETIME.total_seconds()))


def forget(response: Response, parts: Parts, name: str) -> None:
    response.delete_cookie(name, httponly=True, samesite="lax", secure=parts.tls, path="/")
