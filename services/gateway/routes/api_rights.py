"""What whoever asks may do."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from services.gateway.rights.asking import may
from services.gateway.rights.deciding import rights_of
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor

router = APIRouter(prefix="/api")


class Rights(BaseModel):
    """`rights`: as such; a case can still refuse (somebody else has claimed it, four eyes)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "pseudonym": "auditor-7c1f02",
                "agency": "home",
                "roles": ["auditor"],
                "rights": ["read-cases", "read-history", "own-settings", "ask-rights"],
            }
        }
    )

    pseudonym: str
    agency: str
    roles: list[str]
    rights: list[Right]


@router.get("/rights")
async def rights(visitor: Annotated[Visitor, may(Right.ASK_RIGHTS)]) -> Rights:
    """What you may do."""
    account = visitor.account
    return Rights(pseudonym=account.pseudonym, agency=account.agency, roles=account.roles, rights=rights_of(visitor))
