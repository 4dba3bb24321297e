"""Proposals of what we state by hand: harmless pictures' hashes, contacts of providers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from services.gateway.api.bodies import refuses
from services.gateway.federation.proposing import propose_contact, propose_harmless
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.confirming import MAX_WORDS
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import Input
from services.gateway.sessions import Visitor
from shared.events import StatedContact, StatedHash, StatedHashes
from shared.events.federation import MOST_HASHES, Domain

router = APIRouter(prefix="/api/federation")
Why = Annotated[str, Field(min_length=1, max_length=MAX_WORDS, pattern=r"^[^\x00]*$")]


class HashInput(StatedHash):
    model_config = ConfigDict(extra="forbid")


class HashesInput(StatedHashes):
    model_config = ConfigDict(extra="forbid")

    hashes: Annotated[tuple[HashInput, ...], Field(min_length=1, max_length=MOST_HASHES)]


class ContactStated(StatedContact):
    model_config = ConfigDict(extra="forbid")

    domain: Annotated[Domain, Field(examples=["boat.test"])]


class HarmlessInput(Input):
    """`id`: of the proposal, chosen by you: sent again, it is the same one."""

    id: UUID
    stated: HashesInput
    why: Why


class ContactInput(Input):
    """`id`: of the proposal, chosen by you: sent again, it is the same one."""

    id: UUID
    stated: ContactStated
    why: Why


class Proposed(BaseModel):
    """A second person confirms it under `/api/confirmations`."""

    model_config = ConfigDict(json_schema_extra={"example": {"id": "5f0c4d5e-7c1f-4e02-9a3b-2f1d6c8e9a10"}})

    id: UUID


@router.post("/harmless", responses=refuses(409))
async def harmless(
    request: Request, visitor: Annotated[Visitor, may(Right.EXCHANGE_STATEMENTS)], given: HarmlessInput
) -> Proposed:
    """Propose to state that a picture is harmless, so that peers do not take it for known content."""
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        await propose_harmless(tx, parts.federation, visitor, given.stated, given.why, confirmation_id=given.id)
    return Proposed(id=given.id)


@router.post("/contacts", responses=refuses(409))
async def contacts(
    request: Request, visitor: Annotated[Visitor, may(Right.EXCHANGE_STATEMENTS)], given: ContactInput
) -> Proposed:
    """Propose to state where a provider takes notices."""
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        await propose_contact(tx, parts.federation, visitor, given.stated, given.why, confirmation_id=given.id)
    return Proposed(id=given.id)
