"""The victim's door: what it is, the form, and the way out. For anybody; nobody logs in, and no cookie is set."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.door import taking
from services.gateway.door.given import KINDS, MOST_PAGES, PERSONS
from services.gateway.door.numbers import grouped
from services.gateway.door.pages import DoorRoute, form_of, place, show, the_parts, words_of
from services.gateway.door.reading import TRAP, Read, blank, read
from services.gateway.door.texts import Words
from services.gateway.problems import Problem
from services.gateway.requests import text_of
from services.gateway.routes.hashes import ALTERATIONS
from services.gateway.submissions import MAX_PICTURES
from services.gateway.tokens import new_token
from shared.events.values import MIN_PDQ_QUALITY

CLOSED_S = 3600  # an agency closes its door for hours: by hand, in its settings

router = APIRouter(prefix="/report", route_class=DoorRoute)


@router.get("")
async def start(request: Request) -> HTMLResponse:
    return show(request, "start.html", words_of(request))


@router.get("/leave")
async def leave(request: Request) -> Response:
    """Quick exit without scripts: an ordinary page of somebody else, which is not told where one comes from."""
    return RedirectResponse(the_parts(request).house.leave_to, 303)


@router.get("/new")
async def form(request: Request) -> HTMLResponse:
    check_open(request)
    return show_form(request, words_of(request), blank(), new_token())


@router.post("")
async def report(request: Request) -> HTMLResponse:
    check_open(request)
    given = await form_of(request)
    words, parts = words_of(request, text_of(given, "lang")), the_parts(request)
    read_form, token = read(given, words, parts.house), text_of(given, "token")
    if read_form.given is None:
        return show_form(request, words, read_form, token or new_token(), status=422)
    taken = await taking.take(parts, read_form.given, token, place(request))
    number = grouped(taken.number)
    return show(request, "done.html", words, "step_number", number=number, pin=taken.pin, pages=taken.pages)


def check_open(request: Request) -> None:
    if not the_parts(request).house.open:
        raise Problem(503, "door-closed", retry_after=CLOSED_S)


def show_form(request: Request, words: Words, read_form: Read, token: str, status: int = 200) -> HTMLResponse:
    return show(
        request,
        "form.html",
        words,
        "step_form",
        status,
        values=read_form.values,
        chosen=read_form.chosen,
        errors=read_form.errors,
        sources=[one.value for one in PERSONS],
        kinds=list(KINDS),
        most=MOST_PAGES,
        token=token,
        trap=TRAP,
        **hashing(),
    )


def hashing() -> dict[str, object]:
    return {"least_quality": MIN_PDQ_QUALITY, "most_pictures": MAX_PICTURES, "alterations": ALTERATIONS}
