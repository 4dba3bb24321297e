"""Who looked at what of the evidence: a line of the audit history, and a report for the chain of custody, together.

Blurred pictures come with the page that is opened, so opening it is what is reported: once for a person and a while, or
the chain would be made of reloads. What is opened unblurred is reported each time.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.gateway import history
from services.gateway.accounts import Account
from services.gateway.audit import Action, Line
from services.gateway.care import exposure
from services.gateway.care.units import Kind
from services.gateway.evidence.files import covered, pairs, stand_in
from services.gateway.problems import Problem
from services.gateway.store import AuditLine, Case
from shared.database import Database, Transaction
from shared.events import Artifact, CustodyAction, EvidenceHandled
from shared.events.values import SealedObject
from shared.identity import identity

ONE_LOOK = timedelta(minutes=15)  # about what a case takes; who comes back later has opened it again
OPENED = "case-opened"


async def opened(database: Database, case_id: UUID, by: Account, *, pictures: bool) -> None:
    """Somebody opens the case, with its blurred `pictures` or without (a program). Raises `Problem` 404."""
    async with database.transaction() as tx:
        await opens(tx, case_id, by, pictures=pictures)


async def opens(tx: Transaction, case_id: UUID, by: Account, *, pictures: bool) -> None:
    case = await tx.get(Case, case_id)
    if case is None:
        raise Problem(404, "no-case")
    shown = shown_at_once(case) if pictures else []
    if await _lately(tx, case_id, by, len(shown)):
        return
    await exposure.note(tx, by.login, case_id, Kind.BLURRED if shown else Kind.OPENED, tx.clock.now())
    line = await history.append(tx, case_id, by.pseudonym, Action.OPENED, {"pictures": len(shown)})
    if shown:
        report(tx, line, CustodyAction.VIEWED, shown, blurred=True, why=OPENED)


def shown_at_once(case: Case) -> list[SealedObject]:
    """The blurred or redacted pictures that the case page shows; none of destroyed evidence."""
    objects = case.objects or ()
    names = {stand_in(item.name, objects) for item in pairs(objects)}
    return [] if case.destroyed_at else [item for item in objects if item.name in names and covered(item)]


async def handle(
    tx: Transaction, case_id: UUID, by: Account, step: Action, item: SealedObject, why: str, **details: str
) -> Line:
    """A line for one file that is looked at as it is, and its report. `why`: a code of the vocabulary."""
    told = {**details, "sha256": item.sha256, "reason": why}
    line = await history.append(tx, case_id, by.pseudonym, step, told)
    report(tx, line, CustodyAction.VIEWED, [item], blurred=False, why=why)
    return line


def report(
    tx: Transaction, line: Line, action: CustodyAction, items: Iterable[SealedObject], *, blurred: bool, why: str
) -> None:
    """Tell the evidence service of what the history's line says."""
    event = EvidenceHandled(
        case_id=line.chain,
        action=action,
        artifacts=tuple(Artifact(name=item.name, sha256=item.sha256) for item in items),
        blurred=blurred,
        by=line.actor,
        why=why,
        handled_at=line.at,
    )
    tx.publish(event, id=identity("evidence.handled", line.chain, line.seq))


async def _lately(tx: Transaction, case_id: UUID, by: Account, pictures: int) -> bool:
    """Whether this person opened the case within the same look, and saw as many pictures."""
    since = tx.clock.now() - ONE_LOOK
    lines = sa.select(AuditLine.details).where(
        AuditLine.chain == case_id,
        AuditLine.actor == by.pseudonym,
        AuditLine.action == Action.OPENED,
        AuditLine.at > since,
    )
    seen: list[Mapping[str, Any]] = list(await tx.scalars(lines))
    return any(details["pictures"] >= pictures for details in seen)
