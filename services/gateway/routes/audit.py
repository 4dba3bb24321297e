"""The audit history on a page: whether it is right, as far as it was checked, its heads, and what one looks for."""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.audit import NAMED, Action, of_agency
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_audit_exports import handed_out, proposed
from services.gateway.routes.api_audit_models import ExportInput
from services.gateway.routes.api_models import MAX_NOTE
from services.gateway.sessions import Visitor
from services.gateway.tree import checking, growing, nodes, proving, searching
from services.gateway.tree.examining import Found
from services.gateway.tree.searching import Wanted
from services.gateway.tree.store import Check

router = APIRouter()
SHOWN = 100  # lines a page
HEADS = 10
LONGEST = 100  # characters of a field


@router.get("/audit")
async def audit_page(request: Request, visitor: Annotated[Visitor, may(Right.READ_HISTORY)]) -> HTMLResponse:
    parts, agency = parts_of(request), visitor.account.agency
    asked = {name: request.query_params.get(name, "").strip()[:LONGEST] for name in ASKED}
    wanted = wanted_by(asked, agency, parts.timezone, request.query_params.get("after"))
    async with parts.database.transaction() as tx:
        found = await searching.page(tx, wanted)
        checks, size = await checking.state(tx), await nodes.size(tx)
        heads, waiting = await proving.heads(tx, None, HEADS), await growing.waiting(tx)
    return render(
        request,
        "audit.html",
        visitor,
        found=found,
        asked=asked,
        actions=list(Action),
        heads=heads,
        size=size,
        waiting=waiting,
        new=checks.get(checking.NEW),
        whole=checks.get(checking.WHOLE),
        broken=first(checks.values(), "broken"),
        early=first(checks.values(), "early"),
        no_case={of_agency(chain, agency): name for chain, name in NAMED.items()},
        export_id=uuid4(),
        max_why=MAX_NOTE,
    )


@router.post("/audit/exports")
async def ask_for_export(request: Request, visitor: Annotated[Visitor, may(Right.EXPORT_HISTORY)]) -> Response:
    """Another person confirms it; then it is fetched from the page of confirmations."""
    form = await guarded_form(request, visitor.token)
    asked = {name: text_of(form, name).strip()[:LONGEST] for name in ("chain", "since", "until")}
    wanted = wanted_by(asked, visitor.account.agency, parts_of(request).timezone, None)
    why = text_of(form, "why").strip()[:MAX_NOTE]
    if not why:
        raise Problem(422, "no-why", field="why")
    chains = [wanted.chain] if wanted.chain else []
    number = export_of(form)
    given = ExportInput(
        why=why, chains=chains, since=wanted.since, until=wanted.until, heads=[], confirmation_id=number
    )
    return RedirectResponse(f"/confirmations#c-{await proposed(request, visitor, given)}", 303)


@router.post("/audit/exports/{confirmation_id}")
async def export(
    request: Request, confirmation_id: UUID, visitor: Annotated[Visitor, may(Right.EXPORT_HISTORY)]
) -> Response:
    """A form, as everything that the history keeps: a link could be followed by a program that looks ahead."""
    await guarded_form(request, visitor.token)
    return await handed_out(request, confirmation_id, visitor)


def export_of(form: FormData) -> UUID:
    """The number that the page gave it: sent twice, it is one. Raises `Problem`."""
    try:
        return UUID(text_of(form, "export_id"))
    except ValueError as error:
        raise Problem(422, "bad-order", field="export_id") from error


ASKED = ("chain", "actor", "action", "since", "until")


def wanted_by(asked: dict[str, str], agency: str, zone: tzinfo, after: str | None) -> Wanted:
    """Days are whole ones of the pages' time zone. Raises `Problem` 422 with the field."""
    until = day(asked["until"], "until", zone)
    return Wanted(
        chain=chain_of(asked["chain"], agency),
        actor=asked.get("actor") or None,
        action=asked.get("action") or None,
        agency=agency,
        since=day(asked["since"], "since", zone),
        until=until and until + timedelta(days=1),
        after=after,
        limit=SHOWN,
    )


def chain_of(text: str, agency: str) -> UUID | None:
    """Of a case by its number, or of what belongs to no case by its name. Raises `Problem`."""
    named = next((chain for chain, name in NAMED.items() if name == text), None)
    if named:
        return of_agency(named, agency)
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise Problem(422, "bad-chain", field="chain") from error


def day(text: str, field: str, zone: tzinfo) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone) if text else None
    except ValueError as error:
        raise Problem(422, "bad-day", field=field) from error


def first(checks: Iterable[Check], what: str) -> Found | None:
    """The first thing that any check has found, by its place in the tree."""
    told = [Found.of(stored) for check in checks if (stored := getattr(check, what))]
    return min(told, key=lambda found: (found.leaf is None, found.leaf or 0, found.seq), default=None)
