"""Pictures of the evidence. Blurred ones are shown; an unblurred one only after an action that the history keeps.

The action gives a ticket for one picture of one case and one person, for a minute; the ticket is what opens it, level
by level (`levels.py`).
"""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.accounts import Account
from services.gateway.audit import Action
from services.gateway.care import exposure
from services.gateway.care.units import Kind
from services.gateway.evidence.files import SHOWN_TYPES, covered, paintable, wireframe
from services.gateway.evidence.looks import handle, opens
from services.gateway.levels import Level, Underivable
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


class Derive(Protocol):
    """A lower level of a picture (`levels.Deriving`)."""

    async def __call__(self, data: bytes, level: Level) -> bytes: ...


class Viewing(Base):
    __tablename__ = "viewings"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    object_name: Mapped[str]
    login: Mapped[str]
    reason: Mapped[str]
    level: Mapped[int]  # the highest that was given out
    expires_at: Mapped[datetime]


async def unblur(database: Database, case_id: UUID, name: str, reason: str, by: Account) -> str:
    """Write the viewing into the history and give the ticket that opens the picture at its first level. Raises
    `Problem`."""
    if reason not in REASONS:
        raise Problem(422, "no-view-reason", field="reason")
    async with database.transaction() as tx:
        item = find(await tx.get(Case, case_id), name)
        if item.media_type not in SHOWN_TYPES:
            raise Problem(404, "no-picture")
        now = tx.clock.now()
        await tx.execute(sa.delete(Viewing).where(Viewing.expires_at <= now))
        ticket = new_token()
        viewing = Viewing(
            token_hash=digest(ticket),
            case_id=case_id,
            object_name=name,
            login=by.login,
            reason=reason,
            level=Level.BLURRED,
            expires_at=now + VIEWING,
        )
        tx.add(viewing)
        await look(tx, viewing, item, Level.LESS, by)
    return ticket


async def look(tx: Transaction, viewing: Viewing, item: SealedObject, level: Level, by: Account) -> None:
    """A line for each level that a viewing reaches, before the picture is given out. Raises `Problem` 403 for somebody
    who has looked at enough today."""
    if level <= viewing.level:
        return
    kind = Kind.FULL if level is Level.COLOUR else Kind.UNBLURRED
    await exposure.note(tx, by.login, viewing.case_id, kind, tx.clock.now())
    told = {"picture": viewing.object_name, "level": level.name.lower()}
    await handle(tx, viewing.case_id, by, Action.UNBLURRED, item, viewing.reason, **told)
    viewing.level = level


async def blurred_picture(database: Database, case_id: UUID, name: str, by: Account) -> SealedObject:
    """A picture that may be served as it is stored: it covers what it shows. Raises `Problem`."""
    async with database.transaction() as tx:
        item = find(await tx.get(Case, case_id), name)
        if not covered(item):
            raise Problem(403, "picture-closed")
        if not wireframe(item):
            await opens(tx, case_id, by, pictures=True)  # asked for by itself, not by a page
    return item


async def opened_picture(
    database: Database, case_id: UUID, name: str, ticket: str, level: Level, by: Account
) -> SealedObject:
    """The picture that the ticket opens at this level; every level has been written down then. Raises `Problem`."""
    async with database.transaction() as tx:
        item = find(await tx.get(Case, case_id), name)
        viewing = await tx.get(Viewing, digest(ticket), lock=True)
        if viewing is None or viewing.expires_at <= tx.clock.now():
            raise Problem(403, "picture-closed")
        if (viewing.case_id, viewing.object_name, viewing.login) != (case_id, name, by.login):
            raise Problem(403, "picture-closed")
        await look(tx, viewing, item, level, by)
    return item


async def bytes_at(vault: Vault, derive: Derive, case_id: UUID, item: SealedObject, level: Level) -> bytes:
    """What a browser is given of an opened picture. Raises `Problem`."""
    data = await plain_bytes(vault, case_id, item)
    if level is Level.COLOUR:
        return data
    try:
        return await derive(data, level)
    except Underivable as error:
        raise Problem(422, "picture-underivable") from error


async def plain_bytes(vault: Vault, case_id: UUID, item: SealedObject) -> bytes:
    """The file as it was captured. Raises `Problem` when it is gone or was changed."""
    try:
        return await vault.get(case_id, item.sha256)
    except (KeyDestroyed, ObjectMissing) as error:
        raise Problem(410, "picture-destroyed") from error
    except Tampered as error:
        raise Problem(500, "picture-tampered") from error


def find(case: Case | None, name: str) -> SealedObject:
    if case and case.destroyed_at:
        raise Problem(410, "picture-destroyed")
    for item in (case.objects if case else None) or ():
        if item.name == name and paintable(item):
            return item
    raise Problem(404, "no-picture")
