"""The API of one's own account."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from services.gateway.api.secrets import HOLDS_SECRET
from services.gateway.parts import parts_of
from services.gateway.people import factors, own
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import Input
from services.gateway.routes.api_people_models import Code, Password
from services.gateway.routes.knocking import address_of
from services.gateway.sessions import Visitor
from services.gateway.throttle import Knock

router = APIRouter(prefix="/api/me")
Me = Annotated[Visitor, may(Right.OWN_SETTINGS)]


class SessionItem(BaseModel):
    """`about`: what the browser calls itself. `this`: the one that asks."""

    model_config = ConfigDict(from_attributes=True)

    session_id: UUID
    kind: str
    about: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    this: bool = False


class MyAccount(BaseModel):
    """`proved_at`: when you last proved who you are. `recovery_codes`: how many are left."""

    pseudonym: str
    agency: str
    roles: list[str]
    second_factor: bool
    recovery_codes: int
    proved_at: datetime | None
    sessions: list[SessionItem]


class PasswordInput(Input):
    former: Password
    password: Password


class ProofInput(Input):
    """`code`: where the account has a second factor."""

    password: Password
    code: Code = ""


class CodeInput(Input):
    code: Code


class FactorBegun(BaseModel):
    """`secret`: base32; `address`: the same as an authenticator scans it."""

    secret: str
    address: str


class RecoveryCodes(BaseModel):
    """Each opens the account once in place of a code; told only here."""

    codes: list[str]


@router.get("")
async def me(request: Request, visitor: Me) -> MyAccount:
    """Who you are here, and where you are logged in."""
    account = visitor.account
    async with parts_of(request).database.transaction() as tx:
        open_ones = [
            SessionItem.model_validate(one).model_copy(update={"this": one.session_id == visitor.session_id})
            for one in await own.sessions(tx, visitor)
        ]
        return MyAccount(
            pseudonym=account.pseudonym,
            agency=account.agency,
            roles=account.roles,
            second_factor=await factors.enrolled(tx, account.login),
            recovery_codes=await factors.left(tx, account.login),
            proved_at=visitor.proved_at,
            sessions=open_ones,
        )


@router.post("/sessions/{session_id}/end", status_code=204)
async def end_session(request: Request, visitor: Me, session_id: UUID) -> None:
    """Log out there."""
    async with parts_of(request).database.transaction() as tx:
        await own.end_session(tx, visitor, session_id)


@router.post("/password", status_code=204)
async def set_password(request: Request, visitor: Me, given: PasswordInput) -> None:
    """Another password; every other session ends."""
    knock = Knock(address_of(request))
    await own.set_password(parts_of(request).database, visitor, given.former, given.password, knock)


@router.post("/again", status_code=204)
async def prove_again(request: Request, visitor: Me, given: ProofInput) -> None:
    """Prove anew who you are, for what asks for it within ten minutes."""
    parts, knock = parts_of(request), Knock(address_of(request))
    await own.prove_again(parts.database, parts.people, visitor, given.password, given.code, knock)


@router.post("/second-factor", openapi_extra=HOLDS_SECRET)
async def begin_factor(request: Request, visitor: Me) -> FactorBegun:
    """A new secret for an authenticator; it counts once a code of it was shown."""
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        secret, address = await own.begin_factor(tx, parts.people, visitor)
    return FactorBegun(secret=secret, address=address)


@router.post("/second-factor/confirm", openapi_extra=HOLDS_SECRET)
async def confirm_factor(request: Request, visitor: Me, given: CodeInput) -> RecoveryCodes:
    """From now on the new secret counts; every other session ends."""
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        return RecoveryCodes(codes=list(await own.confirm_factor(tx, parts.people, visitor, given.code)))


@router.post("/second-factor/recovery-codes", openapi_extra=HOLDS_SECRET)
async def renew_recovery(request: Request, visitor: Me) -> RecoveryCodes:
    """Ten new recovery codes; the former ones end."""
    async with parts_of(request).database.transaction() as tx:
        return RecoveryCodes(codes=list(await own.renew_recovery(tx, visitor)))
