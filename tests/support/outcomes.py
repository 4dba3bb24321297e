"""What another agency said of a provider, as if it had come in."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from services.gateway.federation.store import Received, ReceivedState
from shared.events import StatedOutcome, StatementKind
from tests.support.federated import House


async def heard(
    house: House,
    issuer: str,
    said: StatedOutcome,
    state: ReceivedState = ReceivedState.TAKEN,
    at: datetime | None = None,
) -> None:
    now = house.desk.parts.clock.now()
    row = Received(
        statement_id=uuid4(),
        issuer=issuer,
        kind=StatementKind.OUTCOME,
        about=None,
        body=said.model_dump(mode="json"),
        statement="",
        issued_at=at or now,
        until=None,
        received_at=now,
        state=state,
        batch=None,
        ended_at=None,
        ended_by=None,
    )
    async with house.desk.database.transaction() as tx:
        tx.add(row)
