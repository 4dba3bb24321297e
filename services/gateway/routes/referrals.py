"""Partners fetch whom they are asked to call: each once, which is the receipt."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request

from services.gateway.api.secrets import HOLDS_SECRET
from services.gateway.door import keeping, referring
from services.gateway.door.numbers import grouped
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor

router = APIRouter(prefix="/api/referrals")
MAX_LIMIT = 200


class ReferralItem(BaseModel):
    """A person who agreed to be called. `late`: the agency misses the receipt."""

    referral_id: UUID
    partner: str
    services: list[str]
    language: str
    consented_at: datetime
    late: bool


class ReferralList(BaseModel):
    """`next` is always null: what was fetched leaves the list, and those that wait behind it come."""

    items: list[ReferralItem]
    next: None = None


class Referred(BaseModel):
    """How to reach the person and when that is safe; told once. `number`: of the report, for questions."""

    number: str
    services: list[str]
    language: str
    contact: str
    when: str
    fetched_at: datetime


@router.get("")
async def waiting(
    request: Request,
    visitor: Annotated[Visitor, may(Right.RECEIVE_REFERRALS)],
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
) -> ReferralList:
    """What this account's partners have not fetched yet, the oldest first."""
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        rows = await referring.waiting(tx, parts.house.partners_of(visitor.account.login), limit)
        return ReferralList(
            items=[
                ReferralItem(
                    referral_id=row.referral_id,
                    partner=row.partner,
                    services=row.services,
                    language=row.language,
                    consented_at=row.consented_at,
                    late=row.late_at is not None,
                )
                for row in rows
            ]
        )


@router.post("/{referral_id}/fetch", openapi_extra=HOLDS_SECRET, responses={410: {"description": "It is void"}})
async def fetch(
    request: Request, visitor: Annotated[Visitor, may(Right.RECEIVE_REFERRALS)], referral_id: UUID
) -> Referred:
    """Take the referral over, once. 409 when it was fetched, 410 when the person took it back."""
    parts = parts_of(request)
    partners = parts.house.partners_of(visitor.account.login)
    async with parts.database.transaction() as tx:
        row, report = await referring.fetch(tx, referral_id, partners, visitor.account.pseudonym)
        told = await keeping.told(parts.vault.keys, report.report_id, report.secret, report.secret_key)
        return Referred(
            number=grouped(report.number),
            services=row.services,
            language=row.language,
            contact=told.contact if told else "",
            when=told.when if told else "",
            fetched_at=row.fetched_at or tx.clock.now(),
        )
