"""Events of the loop, taken into the case they belong to."""

from typing import Any

from services.gateway.agencies.placing import place
from services.gateway.autosend.deciding import consider
from services.gateway.cases import hold, settle
from services.gateway.door import linking
from services.gateway.evidence.forgetting import forget
from services.gateway.notices.rows import Answer, Held
from services.gateway.projections import CaseEvent, apply
from shared.approvals import Approvals
from shared.database import Transaction
from shared.events import ContentFlagged, NoticeAnswered

REPLACEMENT = "�"  # U+FFFD: PostgreSQL keeps no U+0000, and pages do contain it


async def project(event: CaseEvent, tx: Transaction, *, approvals: Approvals) -> None:
    """Add the event's facts to its case, whatever else is known of it already; then a policy may decide."""
    event = printable(event)
    held = await hold(tx, event.case_id)
    if isinstance(event, NoticeAnswered):
        await heard_before(tx, held, event)
    known = set(held.rows)
    step = apply(held, event)
    if held.case.destroyed_at:  # a late event must not bring back what the page said
        forget(held.case, held.answers.values())
    for row in held.rows:
        if row not in known:
            tx.add(row)
    if isinstance(event, ContentFlagged):
        await linking.flagged(tx, held, event)
    await place(tx, held.case)
    await settle(tx, held, event.owner, step)
    await consider(tx, approvals, held)


async def heard_before(tx: Transaction, held: Held, event: NoticeAnswered) -> None:
    if answer := await tx.get(Answer, event.answer_id):
        held.answers[answer.answer_id] = answer


def printable(event: CaseEvent) -> CaseEvent:
    """The event without U+0000 in its texts."""
    return type(event).model_validate(without_nul(event.model_dump()))


def without_nul(value: Any) -> Any:  # noqa: ANN401  # the shape of JSON
    match value:
        case str():
            return str(value).replace("\x00", REPLACEMENT) if "\x00" in value else value
        case dict():
            return {without_nul(key): without_nul(item) for key, item in value.items()}
        case list() | tuple():
            return [without_nul(item) for item in value]
    return value
