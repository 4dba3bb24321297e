"""What is stated by hand: proposed by one person, stated when another confirms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from services.gateway.federation.proposing import propose_contact, propose_harmless
from services.gateway.federation.store import Issued
from services.gateway.problems import Problem
from services.gateway.rights import confirming
from services.gateway.routes.confirmations import carrying_out
from shared.events import StatedContact
from tests.support.federated import TAKEN, House, house
from tests.support.stack import Migrated

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
async def lantern(migrated: Migrated, tmp_path: Path) -> AsyncIterator[House]:
    async with house("lantern", migrated, tmp_path / "a") as made:
        yield made


async def issued(lantern: House) -> list[tuple[str, bool]]:
    async with lantern.desk.database.transaction() as tx:
        rows = await tx.scalars(sa.select(Issued).order_by(Issued.position))
        return [(row.kind, row.withdrawn_at is None) for row in rows]


async def proposed(lantern: House, body: StatedContact | None = None) -> UUID:
    given, why = (lantern.federation, lantern.one), "Seen to work."
    async with lantern.desk.database.transaction() as tx:
        id = uuid4()
        if body is None:
            await propose_harmless(tx, *given, TAKEN, why, confirmation_id=id)
        else:
            await propose_contact(tx, *given, body, why, confirmation_id=id)
    return id


async def test_nothing_is_stated_until_a_second_person_confirms(lantern: House) -> None:
    id = await proposed(lantern)
    assert await issued(lantern) == []
    with pytest.raises(Problem):
        async with lantern.desk.database.transaction() as tx:
            await confirming.confirm(tx, id, lantern.one, carrying_out(lantern.desk.parts))
    assert await issued(lantern) == []
    await lantern.confirm(id)
    assert await issued(lantern) == [("harmless", True)]


async def test_a_newer_contact_takes_the_place_of_the_older(lantern: House) -> None:
    contact = StatedContact(domain="boat.test", role="host", email="abuse@boat.test", known_at=NOW)
    other = contact.model_copy(update={"role": "cdn"})
    for body in (contact, other, contact.model_copy(update={"email": "notices@boat.test"})):
        await lantern.confirm(await proposed(lantern, body))
    assert await issued(lantern) == [("contact", False), ("contact", True), ("withdrawal", True), ("contact", True)]
