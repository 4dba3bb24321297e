"""Events of the loop, taken into the case they belong to."""

from typing import Any

from services.gateway.cases import hold, notices_of, settle
from services.gateway.evidence.forgetting import forget
from services.gateway.projections import CaseEvent, apply
from shared.database import Transaction

REPLACEMENT = "�"  # U+FFFD: PostgreSQL keeps no U+0000, and pages do contain it


async def project(event: CaseEvent, tx: Transaction) -> None:
    """Add the event's facts to its case, whatever else is known of it already."""
    event = printable(event)
    case = await hold(tx, event.case_id)
    notices = await notices_of(tx, event.case_id)
    known = set(notices)
    step = apply(case, notices, event)
    if case.destroyed_at:  # a late event must not bring back what the page said
        forget(case)
    for notice_id in notices.keys() - known:
        tx.add(notices[notice_id])
    await settle(tx, case, notices, event.owner, step)


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
