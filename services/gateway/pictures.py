"""Pictures of the evidence. Blurred ones are shown; an unblurred one only after an action that the history keeps.

The action gives a ticket for one picture of one case and one person, for a minute; the ticket is what opens it.
"""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway import history
from services.gateway.accounts import Account
from services.gateway.audit import Action
from services.gateway.problems import Problem
from services.gateway.store import Base, Case
from services.gateway.tokens import digest, new_token
from shared.database import Database, Transaction
from shared.events.values import SealedObject

VIEWING = timedelta(seconds=60)  # long enough to compare, short enough not to stay on an unattended screen
BLURRED = "-blurred.jpg"
# What a browser can only paint: no format that carries scripts or links.
SHOWN_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
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


def blurred_name(name: str) -> str:
    """screenshot.jpg → screenshot-blurred.jpg, picture-1.png → picture-1-blurred.jpg"""
    return f"{name.rpartition('.')[0]}{BLURRED}"


def pairs(objects: tuple[SealedObject, ...]) -> list[SealedObject]:
    """The unblurred pictures that have a blurred twin, the screenshot last: a page shows more than what is at issue."""
    names = {item.name for item in objects}
    shown = [
        item
        for item in objects
        if item.media_type in SHOWN_TYPES and not item.name.endswith(BLURRED) and blurred_name(item.name) in names
    ]
    return sorted(shown, key=lambda item: (item.name.startswith("screenshot"), item.name))


async def unblur(database: Database, case_id: UUID, name: str, reason: str, by: Account) -> str:
    """Write the viewing into the history and give the ticket that opens the picture. Raises `Problem`."""
    if reason not in REASONS:
        raise Problem(422, "no-view-reason", field="reason")
    async with database.transaction() as tx:
        case = await tx.get(Case, case_id)
        item = find(case, name)
        now = tx.clock.now()
        details = {"picture": name, "sha256": item.sha256, "reason": reason}
        await history.append(tx, case_id, by.pseudonym, Action.UNBLURRED, details)
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
        case = await tx.get(Case, case_id)
        item = find(case, name)
        if not name.endswith(BLURRED) and not await _opens(tx, ticket, case_id, name, by):
            raise Problem(403, "picture-closed")
    return item


async def _opens(tx: Transaction, ticket: str | None, case_id: UUID, name: str, by: Account) -> bool:
    viewing = await tx.get(Viewing, digest(ticket)) if ticket else None
    if viewing is None or viewing.expires_at <= tx.clock.now():
        return False
    return (viewing.case_id, viewing.object_name, viewing.login) == (case_id, name, by.login)


def find(case: Case | None, name: str) -> SealedObject:
    for item in (case.objects if case else None) or ():
        if item.name == name and item.media_type in SHOWN_TYPES:
            return item
    raise Problem(404, "no-picture")
