"""The API: strict inputs, one decision, lists paged by key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from services.gateway import counting
from services.gateway.accounts import create_account
from services.gateway.store import Case
from services.gateway.web import application
from shared.events import ContentChecked, NoticeSent, RemovalVerified
from shared.events.examples import EXAMPLES
from tests.support.gateway import PASSWORD, Desk, Story, make_desk
from tests.support.routes import gateway_routes
from tests.support.stack import Migrated

PAGES = {"/api/problems"}  # for people to read


@pytest.fixture
async def desk(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = make_desk(migrated.dsn_for("gateway"), tmp_path)
    await create_account(desk.database, "script", PASSWORD, ["reviewer"], scripted=True)
    yield desk
    await desk.database.close()


@pytest.fixture
async def api(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(desk.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test/api") as client:
        answer = await client.post("/login", json={"login": "script", "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        client.cookies.clear()
        yield client


def approval(story: Story, **more: object) -> dict[str, Any]:
    notices = [{"notice_id": str(notice.notice_id), "sha256": notice.sha256} for notice in story.notices]
    return {"verdict": "approved", "notices": notices, "note": "", **more}


def told(event: type, story: Story, **more: object) -> Any:
    return EXAMPLES[event].model_copy(update={"case_id": story.case, **more})


async def test_a_case_from_flagged_to_removed(desk: Desk, api: httpx.AsyncClient) -> None:
    story = Story.of()
    await desk.tell(story.flagged)
    assert [case["state"] for case in (await api.get("/cases")).json()["items"]] == ["flagged"]
    await desk.tell(story.sealed, story.drafted)
    [waiting] = (await api.get("/cases", params={"state": "drafted"})).json()["items"]
    assert (waiting["host"], waiting["risk"], waiting["alarm"]) == ("harbour-board.en.test", 0.98, None)

    answer = await api.post(f"/cases/{story.case}/decision", json=approval(story))
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["scripted"]) == ("approved", True)
    assert (await api.post(f"/cases/{story.case}/decision", json=approval(story))).status_code == 409

    await desk.tell(told(NoticeSent, story, notice_id=story.notices[0].notice_id), told(ContentChecked, story))
    [sent] = (await api.get("/cases")).json()["items"]
    assert (sent["state"], sent["last_check"]) == ("sent", "gone")
    await desk.tell(told(RemovalVerified, story))
    case = (await api.get(f"/cases/{story.case}")).json()
    assert [stage["state"] for stage in case["stages"]] == [
        "found", "flagged", "sealed", "drafted", "approved", "sent", "removed",
    ]  # fmt: skip
    assert case["notices"][0]["receipt"] == "250 stored"
    history = (await api.get(f"/cases/{story.case}/history")).json()
    assert [line["seq"] for line in history["items"]] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert (history["items"][-1]["action"], history["items"][-1]["actor"][:7]) == ("case-opened", "script-")
    assert history["intact"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"verdict": "approved", "notices": []}, 422, "notices"),
        ({"verdict": "rejected"}, 422, "note"),
        ({"verdict": "perhaps", "note": "x"}, 422, "verdict"),
        ({"verdict": "rejected", "note": "x", "force": True}, 422, "force"),
        ({"verdict": "rejected", "note": 7}, 422, "note"),
        ({"verdict": "rejected", "note": "a\0b"}, 422, "note"),
        ({"verdict": "approved", "notices": [{"notice_id": "x", "sha256": "y"}]}, 422, "notices.0.notice_id"),
    ],
)
async def test_wrong_input_is_named_with_its_cure(
    desk: Desk, api: httpx.AsyncClient, body: dict[str, Any], status: int, field: str
) -> None:
    story = await desk.awaiting_review()
    answer = await api.post(f"/cases/{story.case}/decision", json=body)
    first = answer.json()["errors"][0]
    assert (answer.status_code, first["field"]) == (status, field)
    assert first["problem"]
    assert first["cure"]


async def test_unknown_cases_and_keys(desk: Desk, api: httpx.AsyncClient) -> None:
    story = Story.of("post/nowhere")
    assert (await api.get(f"/cases/{story.case}")).status_code == 404
    assert (await api.post(f"/cases/{story.case}/decision", json=approval(story))).status_code == 404
    assert (await api.get("/cases", params={"after": "nonsense"})).json()["errors"][0]["field"] == "after"
    assert (await api.get("/cases", params={"limit": 1001})).status_code == 422
    assert (await api.get("/nothing")).json()["errors"][0]["code"] == "no-page"


async def test_a_digest_that_was_never_drafted_is_refused(desk: Desk, api: httpx.AsyncClient) -> None:
    story = await desk.awaiting_review()
    stale = approval(story, notices=[{"notice_id": str(story.notices[0].notice_id), "sha256": "0" * 64}])
    answer = await api.post(f"/cases/{story.case}/decision", json=stale)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "draft-changed")


async def test_pages_by_key_show_each_case_once_in_order(desk: Desk, api: httpx.AsyncClient) -> None:
    for number in range(7):
        await desk.awaiting_review(f"post/{number}", score=0.5 + number / 20, minutes=number)
    seen, after = [], None
    while True:
        page = (await api.get("/cases", params={"limit": 3, **({"after": after} if after else {})})).json()
        seen += [case["risk"] for case in page["items"]]
        if not (after := page["next"]):
            break
    assert seen == sorted(seen)  # all are known content: the first found comes first
    assert len(seen) == 7
    newest = (await api.get("/cases")).json()["items"][0]["updated_at"]
    assert len((await api.get("/cases", params={"updated_since": newest})).json()["items"]) <= 7


async def test_a_browser_session_needs_the_header_to_change_anything(desk: Desk, api: httpx.AsyncClient) -> None:
    story = await desk.awaiting_review()
    token = api.headers.pop("Authorization").removeprefix("Bearer ")
    api.cookies.set("haetae_session", token)
    assert (await api.get("/cases")).status_code == 200
    answer = await api.post(f"/cases/{story.case}/decision", json=approval(story))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "csrf")


async def test_summary_counts_states_and_medians(desk: Desk, api: httpx.AsyncClient) -> None:
    await desk.awaiting_review()
    await desk.awaiting_review("post/2", recipients=())
    summary = (await api.get("/summary")).json()
    assert (summary["total"], summary["by_state"]["drafted"]) == (2, 2)
    assert summary["alarms"] == {"no-recipient": 1}
    assert summary["median_seconds"]["found_to_drafted"] == 3
    assert summary["median_seconds"]["sent_to_removed"] is None


async def test_medians_are_of_the_cases_that_changed_last(
    desk: Desk, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are: a thousand times as many take as long."""
    monkeypatch.setattr(counting, "NEWEST", 1)
    new = await desk.awaiting_review("post/1")
    await desk.awaiting_review("post/2")
    async with desk.database.transaction() as tx:
        later = {"updated_at": Case.updated_at + timedelta(hours=1), "drafted_at": Case.found_at + timedelta(seconds=7)}
        await tx.execute(sa.update(Case).where(Case.case_id == new.case).values(**later))
    assert (await api.get("/summary")).json()["median_seconds"]["found_to_drafted"] == 7


async def test_every_route_is_described(api: httpx.AsyncClient) -> None:
    described = (await api.get("/openapi.json")).json()["paths"]
    assert set(described) == {route.path for route in gateway_routes() if route.path.startswith("/api/")} - PAGES
