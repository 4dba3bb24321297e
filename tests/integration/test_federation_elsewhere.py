"""What other agencies say of providers: on the page and in the API once two persons accepted it, and no longer than it
stands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.gateway.federation.store import ReceivedState
from services.gateway.sessions import Kind
from shared.clock import ManualClock
from shared.events import StatedOutcome
from tests.support.federated import House, house
from tests.support.outcomes import heard
from tests.support.stack import Migrated
from tests.support.visitors import seat

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
SAID = StatedOutcome(
    domain="boat.test", month=date(2026, 10, 1), notices=40, answered=30, removed=20, answer_s=7200.0, removal_s=None
)


@pytest.fixture
async def harbour(migrated: Migrated, tmp_path: Path) -> AsyncIterator[House]:
    async with house("harbour", migrated, tmp_path / "harbour", ManualClock(NOW)) as made:
        yield made


async def shown(harbour: House) -> tuple[list[dict[str, Any]], str]:
    """What the API and the page say."""
    token = await seat(harbour.desk, "reader", "supervisor", kind=Kind.BROWSER)
    address, cookies = f"http://127.0.0.1:{harbour.port}", {"haetae_session": token}
    async with httpx.AsyncClient(base_url=address, cookies=cookies, headers={"accept-language": "en"}) as client:
        listed, page = await client.get("/api/providers"), await client.get("/providers")
    assert (listed.status_code, page.status_code) == (200, 200)
    return listed.json()["elsewhere"], page.text


async def test_what_two_persons_accepted_is_shown_with_its_agency(harbour: House) -> None:
    await heard(harbour, "lantern", SAID)
    said, page = await shown(harbour)
    assert said == [
        {
            "agency": "lantern", "provider": "boat.test", "month": "2026-10-01", "notices": 40, "answered": 30,
            "removed": 20, "answer_s": 7200.0, "removal_s": None,
        }
    ]  # fmt: skip
    assert "As other agencies say" in page
    assert all(text in page for text in ("lantern", "boat.test", "2026-10", "2 h 0 min"))


@pytest.mark.parametrize("state", [one for one in ReceivedState if one != ReceivedState.TAKEN])
async def test_what_does_not_count_is_not_shown(harbour: House, state: ReceivedState) -> None:
    await heard(harbour, "lantern", SAID, state)
    said, page = await shown(harbour)
    assert said == []
    assert "As other agencies say" not in page


async def test_only_the_newest_word_of_the_last_year_of_each_agency(harbour: House) -> None:
    await heard(harbour, "lantern", SAID, at=NOW)
    await heard(harbour, "lantern", SAID.model_copy(update={"notices": 90}), at=NOW.replace(day=19))
    await heard(harbour, "pier", SAID.model_copy(update={"notices": 50}))
    await heard(harbour, "pier", SAID.model_copy(update={"month": date(2025, 10, 1)}))
    said, _ = await shown(harbour)
    assert [(one["agency"], one["notices"]) for one in said] == [("lantern", 40), ("pier", 50)]
