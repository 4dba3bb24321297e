"""Policies that approve in an official's place: the page of supervisors, and its API."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.api.cursors import Cursor
from services.gateway.autosend import managing, switching
from services.gateway.autosend.managing import SHOWN, Proposal
from services.gateway.autosend.policy import MAX_CAP, MAX_DAYS, PolicyState
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.people.fresh import fresh
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import MAX_NOTE, NO_NUL, Input
from services.gateway.sessions import Visitor

pages = APIRouter()
router = APIRouter(prefix="/api/autosend")
NEWEST_USES = 50


class Why(Input):
    why: Annotated[str, Field(min_length=1, max_length=MAX_NOTE, pattern=NO_NUL)]


class PolicyItem(BaseModel):
    """`used`: cases in the last 24 hours."""

    policy_id: UUID
    name: str
    state: PolicyState
    banks: list[str]
    recipients: list[str]
    daily_cap: int
    used: int
    expires_at: str
    proposed_by: str
    approved_by: str | None
    ended_by: str | None


class PolicyList(BaseModel):
    """`off`: the switch is off, nothing is decided by any policy."""

    off: bool
    items: list[PolicyItem]
    next: str | None


class Stopped(BaseModel):
    """`called_back`: cases whose unsent notices are held back."""

    called_back: int


@pages.get("/autosend")
async def page(request: Request, visitor: Annotated[Visitor, may(Right.READ_POLICIES)]) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        switch = await managing.switch_of(tx, visitor.account.agency)
        policies, following = await managing.shown(tx, after=request.query_params.get("after"))
        uses = await managing.newest_uses(tx, NEWEST_USES)
    return render(
        request,
        "autosend.html",
        visitor,
        switch=switch,
        policies=policies,
        next=following,
        uses=uses,
        fresh=uuid4(),
        max_cap=MAX_CAP,
        max_days=MAX_DAYS,
        longest=MAX_NOTE,
    )


@pages.post("/autosend/policies")
async def propose_by_form(request: Request, visitor: Annotated[Visitor, may(Right.PROPOSE_POLICIES)]) -> Response:
    given = given_by(await guarded_form(request, visitor.token))
    await managing.propose(parts_of(request).database, given, visitor.account)
    return back()


@pages.post("/autosend/policies/{policy_id}/approve")
async def approve_by_form(
    request: Request, policy_id: UUID, visitor: Annotated[Visitor, may(Right.APPROVE_POLICIES)]
) -> Response:
    await guarded_form(request, visitor.token)
    await managing.approve(parts_of(request).database, policy_id, visitor.account)
    return back()


@pages.post("/autosend/policies/{policy_id}/end")
async def end_by_form(
    request: Request, policy_id: UUID, visitor: Annotated[Visitor, may(Right.STOP_POLICIES)]
) -> Response:
    why = text_of(await guarded_form(request, visitor.token), "why").strip()[:MAX_NOTE]
    await managing.end(parts_of(request).database, policy_id, why, visitor.account)
    return back()


@pages.post("/autosend/switch")
async def switch_by_form(request: Request, visitor: Annotated[Visitor, may(Right.STOP_POLICIES)]) -> Response:
    form = await guarded_form(request, visitor.token)
    why, database = text_of(form, "why").strip()[:MAX_NOTE], parts_of(request).database
    if text_of(form, "to") == "on":
        fresh(visitor, parts_of(request).clock.now())
        await switching.turn_on(database, why, visitor.account)
    else:
        await switching.turn_off(database, why, visitor.account)
    return back()


def back() -> Response:
    return RedirectResponse("/autosend", 303)


def given_by(form: FormData) -> Proposal:
    """Banks and recipients stand one on a line. Raises `Problem` 422 with the field."""
    fields: dict[str, object] = {
        name: text_of(form, name).strip() for name in ("policy_id", "name", "why", "daily_cap", "days")
    }
    fields |= {name: [line for line in text_of(form, name).split() if line] for name in ("banks", "recipients")}
    try:
        return Proposal.model_validate(fields)
    except ValidationError as error:
        raise Problem(422, "bad-policy", field=str(error.errors()[0]["loc"][0])) from error


@router.get("")
async def listing(
    request: Request,
    visitor: Annotated[Visitor, may(Right.READ_POLICIES)],
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=SHOWN)] = SHOWN,
) -> PolicyList:
    """Policies that approve in an official's place, and whether they are switched off."""
    async with parts_of(request).database.transaction() as tx:
        off = (await managing.switch_of(tx, visitor.account.agency)).off
        rows, following = await managing.shown(tx, limit, after)
    items = [
        PolicyItem(
            policy_id=one.policy.policy_id,
            name=one.policy.name,
            state=one.state,
            banks=one.policy.banks,
            recipients=one.policy.recipients,
            daily_cap=one.policy.daily_cap,
            used=one.used,
            expires_at=one.policy.expires_at.isoformat(),
            proposed_by=one.policy.proposed_by,
            approved_by=one.policy.approved_by,
            ended_by=one.policy.ended_by,
        )
        for one in rows
    ]
    return PolicyList(off=off, items=items, next=following)


@router.post("/policies", status_code=204)
async def propose(request: Request, visitor: Annotated[Visitor, may(Right.PROPOSE_POLICIES)], given: Proposal) -> None:
    """Ask another supervisor to switch the policy on. The same again changes nothing."""
    await managing.propose(parts_of(request).database, given, visitor.account)


@router.post("/policies/{policy_id}/approve", status_code=204)
async def approve(request: Request, visitor: Annotated[Visitor, may(Right.APPROVE_POLICIES)], policy_id: UUID) -> None:
    """Switch a policy on that another supervisor proposed. 403 for whoever proposed it."""
    await managing.approve(parts_of(request).database, policy_id, visitor.account)


@router.post("/policies/{policy_id}/end", status_code=204)
async def end(
    request: Request, visitor: Annotated[Visitor, may(Right.STOP_POLICIES)], policy_id: UUID, given: Why
) -> None:
    """End a policy. What it approved stays approved."""
    await managing.end(parts_of(request).database, policy_id, given.why, visitor.account)


@router.post("/stop")
async def stop(request: Request, visitor: Annotated[Visitor, may(Right.STOP_POLICIES)], given: Why) -> Stopped:
    """No policy decides from now on, and what was not sent yet is held back."""
    called = await switching.turn_off(parts_of(request).database, given.why, visitor.account)
    return Stopped(called_back=called)


@router.post("/resume", status_code=204)
async def resume(request: Request, visitor: Annotated[Visitor, may(Right.APPROVE_POLICIES)], given: Why) -> None:
    """Let policies decide again. 403 for whoever stopped it."""
    await switching.turn_on(parts_of(request).database, given.why, visitor.account)
