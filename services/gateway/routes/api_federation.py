"""Statements over HTTP: our key, what we state, and what a peer states from a file."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from services.gateway.api.bodies import refuses
from services.gateway.federation import issuing, keys, peers
from services.gateway.federation.receiving import MOST_AT_ONCE, receive
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import Input
from services.gateway.sessions import Visitor
from shared.events.federation import MAX_JWS

router = APIRouter(prefix="/api/federation")
FURTHEST = 2**62


class KeyItem(BaseModel):
    """`x`: the public key as in a JWK (OKP, Ed25519). `until`: when another one took over; none of the one that signs
    now."""

    kid: str
    x: str
    since: datetime
    until: datetime | None


class KeyList(BaseModel):
    """`issuer`: under which name we state; empty while federation is off."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "issuer": "lantern",
                "keys": [
                    {
                        "kid": "21fe31dfa154a261",
                        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                        "since": "2026-11-02T09:12:00Z",
                        "until": None,
                    }
                ],
            }
        }
    )

    issuer: str
    keys: list[KeyItem]


class StatementItem(BaseModel):
    """`statement`: a JWS (RFC 7515, compact)."""

    position: int
    statement: str


class StatementList(BaseModel):
    """What follows `after`, in order; fewer than were asked for: there is no more now."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [{"position": 1, "statement": "eyJhbGciOiJFZDI1NTE5In0.e30.c2ln"}]}}
    )

    items: list[StatementItem]


class StatementsInput(Input):
    statements: Annotated[
        list[Annotated[str, Field(max_length=MAX_JWS, pattern=r"^[\w.-]*$")]],
        Field(min_length=1, max_length=MOST_AT_ONCE, examples=[["eyJhbGciOiJFZDI1NTE5In0.e30.c2ln"]]),
    ]


class StatementsTold(BaseModel):
    """How many came to what: `kept` waits in quarantine, `withdrawn` is a peer's withdrawal, all else was refused."""

    outcomes: Annotated[dict[str, int], Field(examples=[{"kept": 1}])]


@router.get("/key")
async def key(request: Request) -> KeyList:
    """Public keys that prove what we state, the newest first. To be compared with what we told you on another way."""
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        rows = await keys.used(tx) if parts.federation.on else ()
    items = [KeyItem(kid=row.kid, x=row.public_key, since=row.since, until=row.until) for row in rows]
    return KeyList(issuer=parts.federation.name, keys=items)


@router.get("/statements")
async def statements(
    request: Request,
    visitor: Annotated[Visitor, may(Right.READ_STATEMENTS)],
    after: Annotated[int, Query(ge=0, le=FURTHEST, description="`position` of the last statement that you have")] = 0,
    limit: Annotated[int, Query(ge=1, le=issuing.MOST)] = issuing.MOST,
) -> StatementList:
    """What we state to peers, from the first statement on; withdrawals are statements too."""
    async with parts_of(request).database.transaction() as tx:
        rows = await issuing.after(tx, after, limit)
    return StatementList(items=[StatementItem(position=row.position, statement=row.statement) for row in rows])


@router.post("/peers/{issuer}/statements", responses=refuses(409))
async def take(
    request: Request, visitor: Annotated[Visitor, may(Right.EXCHANGE_STATEMENTS)], issuer: str, given: StatementsInput
) -> StatementsTold:
    """What a peer gave as a file: each statement is proved, and waits in quarantine."""
    parts = parts_of(request)
    parts.federation.asked_by(visitor.account.agency)
    async with parts.database.transaction() as tx:
        peer = await peers.needed(tx, issuer, lock=True)
        found = await receive(tx, peer, given.statements, visitor.account.pseudonym)
    return StatementsTold(outcomes=dict(found))
