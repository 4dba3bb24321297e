"""How providers acted on the notices of other agencies, as those state it and two persons accepted."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from services.gateway.federation.store import Received, ReceivedState
from services.gateway.notices.league import WINDOW
from shared.database import Transaction
from shared.events import StatedOutcome, StatementKind

SHOWN = 200  # the newest months first


@dataclass(frozen=True)
class Elsewhere:
    """`agency`: who states it. Each number is of notices; `answer_s`, `removal_s`: medians in seconds."""

    agency: str
    provider: str
    month: date
    notices: int
    answered: int
    removed: int
    answer_s: float | None
    removal_s: float | None


async def elsewhere(tx: Transaction) -> list[Elsewhere]:
    """Of months of the last year; of what an agency states twice, the newest."""
    domain, month = Received.body["domain"].astext, Received.body["month"].astext
    since = (tx.clock.now() - WINDOW).date().replace(day=1).isoformat()
    newest = (
        sa.select(Received.statement_id)
        .where(Received.kind == StatementKind.OUTCOME, Received.state == ReceivedState.TAKEN, month >= since)
        .ext(distinct_on(Received.issuer, domain, month))
        .order_by(Received.issuer, domain, month, Received.issued_at.desc(), Received.statement_id)
    )
    chosen = sa.select(Received).where(Received.statement_id.in_(newest))
    rows = await tx.scalars(chosen.order_by(month.desc(), domain, Received.issuer).limit(SHOWN))
    return [_told(row.issuer, StatedOutcome.model_validate(row.body)) for row in rows]


def _told(agency: str, said: StatedOutcome) -> Elsewhere:
    return Elsewhere(
        agency, said.domain, said.month, said.notices, said.answered, said.removed, said.answer_s, said.removal_s
    )
