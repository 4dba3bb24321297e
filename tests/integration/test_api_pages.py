"""Lists that are gone through page by page, each with the order of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.gateway.accounts import HOME, create_account
from services.gateway.agencies.store import Transfer
from services.gateway.autosend.store import Policy
from services.gateway.care.golden import Golden
from services.gateway.rights.confirming import Confirmation
from services.gateway.web import application
from tests.support.gateway import PASSWORD, Desk, make_desk
from tests.support.stack import Migrated
from tests.support.visitors import add_agency

pytestmark = pytest.mark.asyncio(loop_scope="session")
OTHER = "harbour"
ROLES = ("supervisor", "agency-admin", "senior-reviewer")


@pytest.fixture(scope="module")
async def desk(migrated_once: Migrated, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    add_agency(migrated_once.owner_url, OTHER)
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path_factory.mktemp("gateway"))
    await create_account(desk.database, "kim", PASSWORD, ROLES)
    yield desk
    await desk.database.close()


@pytest.fixture
async def kim(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(desk.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test/api") as client:
        answer = await client.post("/login", json={"login": "kim", "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield client


async def gone_through(client: httpx.AsyncClient, path: str, name: str) -> list[str]:
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        answer = await client.get(path, params={"limit": 2, **after})
        page = answer.json()
        seen += [item[name] for item in page["items"]]
        if page["next"] is None:
            return seen
        assert len(page["items"]) == 2
        after = {"after": page["next"]}


async def entered(desk: Desk, rows: Sequence[Any]) -> None:
    async with desk.database.transaction() as tx:
        for row in rows:
            tx.add(row)


async def test_what_waits_for_a_second_person_and_then_what_is_over(desk: Desk, kim: httpx.AsyncClient) -> None:
    now, ids = desk.parts.clock.now(), [uuid4() for _ in range(6)]
    said: dict[str, Any] = {
        "agency": HOME,
        "kind": "export-history",
        "details": {},
        "why": "w",
        "proposed_by": "p",
        "case_id": None,
    }
    await entered(
        desk,
        [
            Confirmation(
                confirmation_id=one,
                # The last two at one moment: only what they are tells them apart.
                proposed_at=now - timedelta(days=1) + timedelta(seconds=min(place, 4)),
                expires_at=now + timedelta(days=1) if place < 3 else now,
                **said,
            )
            for place, one in enumerate(ids)
        ],
    )
    seen = await gone_through(kim, "/confirmations", "confirmation_id")
    over = sorted((str(one) for one in ids[4:]), reverse=True)
    assert seen == [*map(str, ids[:3]), *over, str(ids[3])]


async def test_open_offers_and_then_the_newest(desk: Desk, kim: httpx.AsyncClient) -> None:
    now, ids = desk.parts.clock.now(), [uuid4() for _ in range(5)]
    cases = [(await desk.awaiting_review(f"post/{one}")).case for one in ids]
    said: dict[str, Any] = {"from_agency": HOME, "to_agency": OTHER, "why": "w", "category": None, "offered_by": "p"}
    await entered(
        desk,
        [
            Transfer(
                transfer_id=one,
                case_id=case,
                offered_at=now + timedelta(seconds=place),
                ended_at=now if place % 2 else None,
                **said,
            )
            for place, (one, case) in enumerate(zip(ids, cases, strict=True))
        ],
    )
    assert await gone_through(kim, "/transfers", "transfer_id") == [str(ids[place]) for place in (4, 2, 0, 3, 1)]


async def test_policies_that_nobody_ended_and_then_the_newest(desk: Desk, kim: httpx.AsyncClient) -> None:
    now, ids = desk.parts.clock.now(), [uuid4() for _ in range(5)]
    said = {"agency": HOME, "name": "n", "banks": ["b"], "recipients": ["a@b.test"], "why": "w", "proposed_by": "p"}
    await entered(
        desk,
        [
            Policy(
                policy_id=one,
                daily_cap=1,
                expires_at=now + timedelta(days=1),
                proposed_at=now + timedelta(seconds=place),
                ended_at=now if place % 2 else None,
                **said,
            )
            for place, one in enumerate(ids)
        ],
    )
    assert await gone_through(kim, "/autosend", "policy_id") == [str(ids[place]) for place in (4, 2, 0, 3, 1)]


async def test_golden_cases_the_newest_first(desk: Desk, kim: httpx.AsyncClient) -> None:
    now, cases = desk.parts.clock.now(), [(await desk.awaiting_review(f"post/g{n}")).case for n in range(5)]
    said = {"agency": HOME, "category": "known_content", "verdict": "rejected", "why": "w", "proposed_by": "p"}
    await entered(
        desk,
        [Golden(case_id=one, proposed_at=now + timedelta(seconds=n), **said) for n, one in enumerate(cases)],
    )
    assert await gone_through(kim, "/golden", "case_id") == [str(one) for one in reversed(cases)]
    [wrong] = (await kim.get("/golden", params={"after": "nonsense"})).json()["errors"]
    assert wrong["code"] == "bad-after"


async def test_limits_are_changed_by_whoever_saw_them_as_they_are(desk: Desk, kim: httpx.AsyncClient) -> None:
    first = await kim.get("/care/limits")
    wanted = {**{name: first.json()[name] for name in ("budget", "stretch_units", "run")}, "golden_share": 0.1}
    known = {"If-Match": first.headers["ETag"]}
    for changed, status in ((0.05, 204), (0.06, 412)):
        answer = await kim.put("/care/limits", json={**wanted, "second_share": changed}, headers=known)
        assert answer.status_code == status, answer.text
    after = await kim.get("/care/limits")
    assert after.json()["second_share"] == 0.05
    known = {"If-Match": f"W/{after.headers['ETag']}"}
    assert (await kim.put("/care/limits", json={**wanted, "second_share": 0.07}, headers=known)).status_code == 204
    assert (await kim.put("/care/limits", json={**wanted, "second_share": 0.07})).status_code == 204
    answer = await kim.put("/care/limits", json={**wanted, "second_share": 0.07}, headers={"If-Match": "nonsense"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "bad-etag")
