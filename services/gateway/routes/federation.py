"""Federation on a page: our key, peers, what waits in quarantine and what counts."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID, uuid4

import sqlalchemy as sa
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.answers import describe
from services.gateway.federation import accepting, issuing, keys, peers
from services.gateway.federation.peers import Wanted
from services.gateway.federation.receiving import read_list, receive
from services.gateway.federation.store import Issued, PeerState
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of, texts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from shared.database import Transaction

router = APIRouter(prefix="/federation")
Reader = Annotated[Visitor, may(Right.READ_STATEMENTS)]
Keeper = Annotated[Visitor, may(Right.MANAGE_PEERS)]
Exchanger = Annotated[Visitor, may(Right.EXCHANGE_STATEMENTS)]
SHOWN = 50  # of what we state, the newest


@router.get("")
async def page(request: Request, visitor: Reader) -> Response:
    return await shown(request, visitor)


async def shown(request: Request, visitor: Visitor, problem: Problem | None = None) -> Response:
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        rows = await peers.listing(tx)
        context = {
            "used": await keys.used(tx),
            "peers": [(row, await peers.keys_of(tx, row)) for row in rows if row.state == PeerState.ACTIVE],
            "former": [row for row in rows if row.state != PeerState.ACTIVE],
            "waiting": await accepting.batches(tx),
            "standing": await accepting.standing(tx),
            "issued": await tx.scalars(sa.select(Issued).order_by(Issued.position.desc()).limit(SHOWN)),
        }
    refusal = describe(problem, texts_of(request)) if problem else None
    status = problem.status if problem else 200
    return render(
        request, "federation.html", visitor, status, house=parts.federation, refusal=refusal, new_id=uuid4(), **context
    )


@router.post("/peers")
async def propose_peer(request: Request, visitor: Keeper) -> Response:
    form, parts = await guarded_form(request, visitor.token), parts_of(request)
    fields = {name: text_of(form, name).strip() for name in ("issuer", "name", "url", "token")}
    wanted = Wanted(keys=text_of(form, "keys").split(), **fields)
    confirmation = _id(text_of(form, "id"))

    async def act(tx: Transaction) -> None:
        await peers.propose(tx, parts.federation, visitor, wanted, text_of(form, "why"), peer_id=confirmation)

    return await done(request, visitor, act)


@router.post("/peers/{issuer}/keys/{kid}/revoke")
async def revoke(request: Request, visitor: Keeper, issuer: str, kid: str) -> Response:
    await guarded_form(request, visitor.token)
    house = parts_of(request).federation
    return await done(request, visitor, lambda tx: peers.revoke(tx, house, visitor, issuer, kid))


@router.post("/peers/{issuer}/disbelieve")
async def disbelieve(request: Request, visitor: Exchanger, issuer: str) -> Response:
    await guarded_form(request, visitor.token)
    house = parts_of(request).federation
    return await done(request, visitor, lambda tx: peers.disbelieve(tx, house, visitor, issuer))


@router.post("/peers/{issuer}/statements")
async def take(request: Request, visitor: Exchanger, issuer: str) -> Response:
    """What was pasted: statements, one a line or as a list."""
    form, house = await guarded_form(request, visitor.token), parts_of(request).federation

    async def act(tx: Transaction) -> None:
        house.asked_by(visitor.account.agency)
        peer = await peers.needed(tx, issuer, lock=True)
        texts = read_list(text_of(form, "statements").encode())
        await receive(tx, peer, texts, visitor.account.pseudonym)

    return await done(request, visitor, act)


@router.post("/peers/{issuer}/{kind}/accept")
async def accept(request: Request, visitor: Exchanger, issuer: str, kind: str) -> Response:
    form, house = await guarded_form(request, visitor.token), parts_of(request).federation
    why, confirmation = text_of(form, "why"), _id(text_of(form, "id"))
    return await done(
        request,
        visitor,
        lambda tx: accepting.propose(tx, house, visitor, issuer, kind, why, confirmation_id=confirmation),
    )


@router.post("/peers/{issuer}/{kind}/refuse")
async def refuse(request: Request, visitor: Exchanger, issuer: str, kind: str) -> Response:
    await guarded_form(request, visitor.token)
    house = parts_of(request).federation
    return await done(request, visitor, lambda tx: accepting.refuse(tx, house, visitor, issuer, kind))


@router.post("/issued/{statement_id}/withdraw")
async def withdraw(request: Request, visitor: Exchanger, statement_id: UUID) -> Response:
    await guarded_form(request, visitor.token)
    house = parts_of(request).federation

    async def act(tx: Transaction) -> None:
        house.asked_by(visitor.account.agency)
        await issuing.withdraw(tx, house, statement_id, "mistake", by=visitor.account.pseudonym)

    return await done(request, visitor, act)


async def done(request: Request, visitor: Visitor, act: Callable[[Transaction], Awaitable[object]]) -> Response:
    """The page again, with what is wrong."""
    try:
        async with parts_of(request).database.transaction() as tx:
            await act(tx)
    except Problem as problem:
        return await shown(request, visitor, problem)
    return RedirectResponse("/federation", 303)


def _id(text: str) -> UUID:
    """Of a proposal, made with the page: given twice it is one. Raises `Problem` 422."""
    try:
        return UUID(text) if text else uuid4()
    except ValueError as error:
        raise Problem(422, "invalid", field="id") from error
