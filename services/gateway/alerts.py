"""Alerts about conversations: what the classifier warns of, and which counsellor took it up. Never what was said."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway import history
from services.gateway.accounts import Account
from services.gateway.agencies.placing import by_rule
from services.gateway.agencies.taking import Described
from services.gateway.api.cursors import moment, number
from services.gateway.api.paging import page as keyset
from services.gateway.audit import ALERTS_CHAIN, Action
from services.gateway.problems import Problem
from services.gateway.store import Base, Stored
from shared.database import Database, Transaction
from shared.events import ConversationAlerted

FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)  # when an alert was taken up that nobody took up yet
CATEGORY = "grooming_lure"  # of a case, by which an agency's rule takes an alert too
SHOWN = 200  # alerts on the page; acknowledged ones go to the end


class Alert(Base):
    __tablename__ = "alerts"

    alert_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str]  # whose counsellors see it
    conversation: Mapped[str]
    alert: Mapped[ConversationAlerted] = mapped_column(Stored(ConversationAlerted))
    risk: Mapped[float]
    raised_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    note: Mapped[str | None]


async def take_up(event: ConversationAlerted, tx: Transaction) -> None:
    """Keep the alert for the counsellors of the agency whose rule takes cases of that site. One that is known already
    stays as it is."""
    if await tx.get(Alert, event.alert_id):
        return
    site = event.site
    agency = await by_rule(tx, Described(site.host, site.country, site.language, CATEGORY))
    tx.add(
        Alert(
            alert_id=event.alert_id,
            agency=agency,
            conversation=event.conversation,
            alert=event,
            risk=event.risk,
            raised_at=event.raised_at,
        )
    )
    details = {"alert": str(event.alert_id), "stage": event.stage, "basis": event.lawful_basis.value}
    await history.append(tx, ALERTS_CHAIN, event.owner, Action.ALERT_RAISED, details, agency=agency)


# By falling keys, so that a list can go on after any row.
_PLACE = (
    (sa.func.coalesce(Alert.acknowledged_at, FOR_EVER), moment),
    (Alert.risk, number),
    (Alert.raised_at, moment),
    (Alert.alert_id, UUID),
)


async def page(
    tx: Transaction, *, open_only: bool, limit: int, after: str | None = None
) -> tuple[Sequence[Alert], str | None]:
    """Those that nobody took up first, the riskiest before; then the others, the newest first; and where the following
    page begins. Raises `Problem` 422 for a wrong `after`."""
    rows = sa.select(Alert)
    return await keyset(tx, rows.where(Alert.acknowledged_at.is_(None)) if open_only else rows, _PLACE, limit, after)


async def count_open(tx: Transaction) -> int:
    counted = await tx.scalar(sa.select(sa.func.count()).select_from(Alert).where(Alert.acknowledged_at.is_(None)))
    return counted or 0


async def acknowledge(database: Database, alert_id: UUID, note: str, by: Account) -> None:
    """A counsellor takes the alert up. Raises `Problem` 404, 409 when somebody did already."""
    async with database.transaction() as tx:
        alert = await tx.get(Alert, alert_id, lock=True)
        if alert is None:
            raise Problem(404, "no-alert")
        if alert.acknowledged_at:
            raise Problem(409, "alert-taken", by=alert.acknowledged_by)
        alert.acknowledged_at, alert.acknowledged_by, alert.note = tx.clock.now(), by.pseudonym, note
        details = {"alert": str(alert_id), "note": note}
        await history.append(tx, ALERTS_CHAIN, by.pseudonym, Action.ALERT_TAKEN, details)
