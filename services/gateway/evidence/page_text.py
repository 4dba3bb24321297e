"""The text of a captured page, read on purpose: like an unblurred picture, it is shown after saying why."""

from dataclasses import dataclass
from uuid import UUID

from services.gateway.accounts import Account
from services.gateway.audit import Action
from services.gateway.evidence.files import TEXT
from services.gateway.evidence.looks import handle
from services.gateway.pictures import REASONS, Vault, plain_bytes
from services.gateway.problems import Problem
from services.gateway.store import Case
from shared.database import Database
from shared.events.values import SealedObject

MAX_SHOWN = 200_000  # characters: a long thread; a browser lays out more only slowly


@dataclass(frozen=True)
class PageText:
    """`cut`: there is more of it, in the bundle."""

    title: str | None
    text: str
    cut: bool


async def read_text(database: Database, vault: Vault, case_id: UUID, reason: str, by: Account) -> PageText:
    """Fetch, write the reading into the history, then show. Raises `Problem`."""
    if reason not in REASONS:
        raise Problem(422, "no-view-reason", field="reason")
    async with database.transaction() as tx:
        case = await tx.get(Case, case_id)
        item = _find(case)
    data = await plain_bytes(vault, case_id, item)
    async with database.transaction() as tx:
        await handle(tx, case_id, by, Action.TEXT_READ, item, reason)
    text = data.decode(errors="replace")
    return PageText(case.title if case else None, text[:MAX_SHOWN], len(text) > MAX_SHOWN)


def _find(case: Case | None) -> SealedObject:
    if case is None:
        raise Problem(404, "no-case")
    if case.destroyed_at:
        raise Problem(410, "picture-destroyed")
    for item in case.objects or ():
        if item.name == TEXT:
            return item
    raise Problem(404, "no-text")
