"""Pictures of the evidence. Blurred ones are shown; an unblurred one only after an action that the history keeps.

The action gives a ticket for one picture of one case and one person, for a minute; the ticket is what opens it.
"""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.accounts import Account
from services.gateway.audit import Action
from services.gateway.evidence.files import SHOWN_TYPES, covered, paintable, wireframe
from services.gateway.evidence.looks import handle, opens
from services.gateway.problems import Problem
from services.gateway.store import Base, Case
from services.gateway.tokens import digest, new_token
from shared.database import Database, Transaction
from shared.events.values import SealedObject
from shared.objects.vault import KeyDestroyed, ObjectMissing, Tampered

VIEWING = timedelta(seconds=60)  # long enough to compare, short enough not to stay on an unattended screen
REASONS = ("confirm-match", "blur-hides-it", "draft-unclear", "second-look")


class Vault(Protocol):
    """Where evidence is kept (`shared.objects.vault`)."""

    async def get(self, case_id: UUID, sha256: str) -> bytes: ...


class Viewing(Base):
    __tablename__ = "viewings"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    object_name: Mapped[str]
    login: Mapped[str]
    expires_at: Mapped[datetime]


async def unblur(database: Database, case_id: UUID, name: str, reason: str, by: Account) -> str:
    """Write the viewing into the history and give the ticket that opens the picture. Raises `Problem`."""
    if reason not in REASONS:
        raise Problem(422, "no-view-reason", field="reason")
    async with database.transaction() as tx:
        item = find(await tx.get(Case, case_id), name)
        if item.media_type not in SHOWN_TYPES:
            raise Problem(404, "no-picture")
        now = tx.clock.now()
        await handle(tx, case_id, by, Action.UNBLURRED, item, reason, picture=name)
        await tx.execute(sa.delete(Viewing).where(Viewing.expires_at <= now))
        ticket = new_token()
        tx.add(
            Viewing(
                token_hash=digest(ticket),
                case_id=case_id,
                object_name=name,
                login=by.login,
                expires_at=now + VIEWING,
            )
        )
    return ticket


async def sealed_picture(database: Database, case_id: UUID, name: str, ticket: str | None, by: Account) -> SealedObject:
    """The picture that may be served now: a blurred one, or the one that the ticket opens. Raises `Problem`."""
    async with database.transaction() as tx:
        item = find(await tx.get(Case, case_id), name)
        if not covered(item):
            if not await _opens(tx, ticket, case_id, name, by):
                raise Problem(403, "picture-closed")
        elif not wireframe(item):
            await opens(tx, case_id, by, pictures=True)  # asked for by itself, not by a page
    return item


async def plain_bytes(vault: Vault, case_id: UUID, item: SealedObject) -> bytes:
    """The file as it was captured. Raises `Problem` when it is gone or was changed."""
    try:
        return await vault.get(case_id, item.sha256)
    except (KeyDestroyed, ObjectMissing) as error:
        raise Problem(410, "picture-destroyed") from error
    except Tampered as error:
        raise Problem(500, "picture-tampered") from error


async def _opens(tx: Transaction, ticket: str | None, case_id: UUID, name: str, by: Account) -> bool:
    viewing = await tx.get(Viewing, digest(ticket)) if ticket else None
    if viewing is None or viewing.expires_at <= tx.clock.now():
        return False
    return (viewing.case_id, viewing.object_name, viewing.login) == (case_id, name, by.login)


def find(case: Case | None, name: str) -> SealedObject:
    if case and case.destroyed_at:
        raise Problem(410, "picture-destroyed")
    for item in (case.objects if case else None) or ():
        if item.name == name and paintable(item):
            return item
    raise Problem(404, "no-picture")
