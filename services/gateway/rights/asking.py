"""Whether who asks may: what routes depend on. `visitor: Annotated[Visitor, may(Right.READ_CASES)]`."""

from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from services.gateway.parts import parts_of
from services.gateway.people.fresh import fresh
from services.gateway.problems import Problem
from services.gateway.requests import CSRF_HEADER, reader
from services.gateway.rights.deciding import holds
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from services.gateway.tokens import same

# What nobody does who only found the screen of somebody else: the person has proved just now who they are.
PROVED = frozenset(
    {
        Right.MANAGE_PEOPLE,
        Right.SECOND_LOOK,
        Right.APPROVE_POLICIES,
        Right.EXPORT_HISTORY,
        Right.MANAGE_WEBHOOKS,
        Right.MANAGE_PEERS,
        Right.EXCHANGE_STATEMENTS,
    }
)
SAFE = ("GET", "HEAD", "OPTIONS")
API = "/api/"


def may(right: Right, *, changes: bool = False) -> Any:  # noqa: ANN401  # what FastAPI's Depends gives
    """Raises `Problem` 401 or 403. A change asked of the API with a browser's cookie proves itself by the header; one
    by a form of ours does in `guarded_form`. `changes`: a GET too, for it leaves a line in a chain of custody. A
    change by a person whose right is one of `PROVED` asks for a fresh proof, too."""

    async def permitted(request: Request, visitor: Annotated[Visitor, Depends(reader)]) -> Visitor:
        if not holds(visitor, right):
            raise Problem(403, "no-right", right=right)
        changing = changes or request.method not in SAFE
        proves = request.url.path.startswith(API) and changing
        if proves and visitor.by_cookie and not same(request.headers.get(CSRF_HEADER, ""), visitor.csrf):
            raise Problem(403, "csrf", field=CSRF_HEADER)
        if changing and right in PROVED and not visitor.account.scripted:
            fresh(visitor, parts_of(request).clock.now())
        return visitor

    permitted.right = right  # type: ignore[attr-defined]  # the matrix reads which right a route names
    return Depends(permitted)
