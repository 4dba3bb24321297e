"""The JSON API of claims: the same rules as the pages."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from services.gateway.care.serving import serving
from services.gateway.claims import choosing, claiming
from services.gateway.claims.choosing import Wish
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import NO_NUL, Input
from services.gateway.sessions import Visitor

router = APIRouter(prefix="/api")
Reviewer = Annotated[Visitor, may(Right.CLAIM_CASES)]
Word = Annotated[str, Field(max_length=40, pattern=NO_NUL)]


class WishInput(Input):
    """What the next case should be; null: as it comes. `further`: a round after the first. `reported`: by whom it
    concerns. `pictures`: false for cases of text alone."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"category": "trade_offer", "pictures": False}]})

    category: Word | None = None
    language: Word | None = None
    further: bool | None = None
    known: bool | None = None
    reported: bool | None = None
    pictures: bool | None = None


class ClaimItem(BaseModel):
    """`holder`: the pseudonym of who works on the case, until `until` unless it is renewed."""

    model_config = ConfigDict(from_attributes=True)

    case_id: UUID
    holder: str
    claimed_at: datetime
    until: datetime


class ClaimList(BaseModel):
    items: list[ClaimItem]
    next: None = None


class NextClaim(BaseModel):
    """`claim` is null when nothing is left for you; `rest_until` then tells whether your day of pictures is full."""

    claim: ClaimItem | None
    rest_until: datetime | None = None


class Released(BaseModel):
    """`released` is false when it was not yours (any more)."""

    released: bool


@router.get("/claims")
async def mine(request: Request, visitor: Reviewer) -> ClaimList:
    """The cases that you hold, the first claimed first."""
    async with parts_of(request).database.transaction() as tx:
        held = await claiming.mine(tx, visitor.account.pseudonym, tx.clock.now())
    return ClaimList(items=[ClaimItem.model_validate(one) for one in held])


@router.post("/claims/next")
async def claim_next(request: Request, visitor: Reviewer, wish: WishInput) -> NextClaim:
    """Claim the most pressing case that nobody holds, for ten minutes. Nobody else gets it meanwhile. 409 for a person
    who holds as many as one may."""
    parts, account = parts_of(request), visitor.account
    async with parts.database.transaction() as tx:
        now, wanted = tx.clock.now(), Wish(**wish.model_dump())
        if taken := await choosing.claim_next(tx, visitor, wanted, now, parts.most_claims(account)):
            return NextClaim(claim=ClaimItem.model_validate(taken))
        rest = None if account.scripted else (await serving(tx, account.login, now)).rest_until
    return NextClaim(claim=None, rest_until=rest)


@router.post("/cases/{case_id}/claim")
async def claim(request: Request, visitor: Reviewer, case_id: UUID) -> ClaimItem:
    """Claim this case, or renew your claim of it. 409 while somebody else holds it, and for a person who holds as many
    as one may."""
    parts, account = parts_of(request), visitor.account
    async with parts.database.transaction() as tx:
        held = await claiming.claim(tx, case_id, account.pseudonym, tx.clock.now(), parts.most_claims(account))
    return ClaimItem.model_validate(held)


@router.post("/cases/{case_id}/claim/renew")
async def renew(request: Request, visitor: Reviewer, case_id: UUID) -> ClaimItem:
    """Renew your claim; 409 when it is lost. A claim that ended is yours again if nobody took the case since."""
    async with parts_of(request).database.transaction() as tx:
        held = await claiming.renew(tx, case_id, visitor.account.pseudonym, tx.clock.now())
    return ClaimItem.model_validate(held)


@router.post("/cases/{case_id}/claim/release")
async def release(request: Request, visitor: Reviewer, case_id: UUID) -> Released:
    """Give the case back: it is free at once."""
    async with parts_of(request).database.transaction() as tx:
        return Released(released=await claiming.release(tx, case_id, visitor.account.pseudonym, tx.clock.now()))


@router.post("/cases/{case_id}/claim/skip")
async def skip(request: Request, visitor: Reviewer, case_id: UUID) -> Released:
    """Put the case aside: free for others, and not your next one for two hours. Nobody counts that."""
    async with parts_of(request).database.transaction() as tx:
        await choosing.skip(tx, visitor, case_id, tx.clock.now())
    return Released(released=True)


@router.post("/claims/put-aside")
async def take_up(request: Request, visitor: Reviewer) -> Released:
    """What you put aside comes again."""
    async with parts_of(request).database.transaction() as tx:
        return Released(released=bool(await choosing.take_up(tx, visitor)))
