"""How pages are shown to somebody: language, light or dark, how dense. Kept in the browser alone."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.pages import DISPLAYS
from services.gateway.parts import parts_of
from services.gateway.requests import LANGUAGE_COOKIE, LANGUAGE_DAYS, local_path, remember
from services.gateway.texts import LANGUAGES

router = APIRouter()
SECONDS = LANGUAGE_DAYS * 86400


@router.get("/language/{language}")
async def choose_language(request: Request, language: str) -> Response:
    return chosen(request, LANGUAGE_COOKIE, language, LANGUAGES)


@router.get("/display/{what}/{value}")
async def choose_display(request: Request, what: str, value: str) -> Response:
    return chosen(request, f"haetae_{what}", value, DISPLAYS.get(what, ()))


def chosen(request: Request, cookie: str, value: str, values: tuple[str, ...]) -> Response:
    """Back to where they were; a value that there is not changes nothing."""
    answer = RedirectResponse(local_path(request.query_params.get("next")), 303)
    if value in values:
        remember(answer, parts_of(request), cookie, value, SECONDS)
    return answer
