"""Alerts reach counsellors and are taken up once; hashes are submitted once. Over the real database."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import sqlalchemy as sa

from deploy.local.access import libpq_url
from services.gateway import history
from services.gateway.accounts import create_account
from services.gateway.alerts import take_up
from services.gateway.audit import ALERTS_CHAIN, HASHES_CHAIN, of_agency
from services.gateway.web import application
from shared.events import ConversationAlerted, Envelope
from shared.events.examples import EXAMPLES
from tests.support.gateway import PASSWORD, Desk, make_desk
from tests.support.stack import Migrated

PDQ, SHA = "a5" * 32, "0f" * 32
PICTURE = {"pdq": PDQ, "quality": 88, "sha256": SHA}


@pytest.fixture
async def desk(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = make_desk(migrated.dsn_for("gateway"), tmp_path)
    for login, role in (("kim", "reviewer"), ("lee", "viewer")):
        await create_account(desk.database, login, PASSWORD, [role])
    yield desk
    await desk.database.close()


@asynccontextmanager
async def api_of(desk: Desk, login: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(desk.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        answer = await client.post("/api/login", json={"login": login, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        client.cookies.clear()
        yield client


@pytest.fixture
async def api(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with api_of(desk, "kim") as client:
        yield client


def alert(**more: object) -> ConversationAlerted:
    example = EXAMPLES[ConversationAlerted]
    assert isinstance(example, ConversationAlerted)
    return example.model_copy(update={"alert_id": uuid4(), **more})


async def raised(desk: Desk, *alerts: ConversationAlerted) -> None:
    for event in alerts:
        async with desk.database.transaction(Envelope(event, uuid4(), "/haetae/test", datetime.now(UTC))) as tx:
            await take_up(event, tx)


async def lines(desk: Desk, chain: Any) -> list[str]:
    async with desk.database.transaction() as tx:
        found, broken = await history.read(tx, chain)
    assert broken is None
    return [line.action for line in found]


async def submissions(desk: Desk) -> int:
    async with desk.database.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT count(*) FROM outbox WHERE topic = 'hash.submitted'"))
        return int(rows.scalar_one())


async def test_the_riskiest_open_alert_comes_first_and_is_taken_up_once(desk: Desk, api: httpx.AsyncClient) -> None:
    mild, grave = alert(conversation="room-1", risk=0.5), alert(conversation="room-2", risk=0.9)
    await raised(desk, mild, grave, grave)
    found = (await api.get("/api/alerts")).json()
    assert [item["alert"]["conversation"] for item in found["items"]] == ["room-2", "room-1"]
    assert found["open"] == 2
    taken = await api.post(f"/api/alerts/{grave.alert_id}/acknowledge", json={"note": "calling the room's owner"})
    assert taken.json()["acknowledged_by"].startswith("reviewer-")
    again = await api.post(f"/api/alerts/{grave.alert_id}/acknowledge", json={"note": "me too"})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "alert-taken")
    left = (await api.get("/api/alerts?open=true")).json()
    assert [item["alert"]["conversation"] for item in left["items"]] == ["room-1"]
    assert await lines(desk, ALERTS_CHAIN) == ["alert-raised", "alert-raised", "alert-taken-up"]


async def test_an_alert_is_seen_by_the_agency_whose_rule_takes_the_site_and_by_no_other(
    migrated: Migrated, desk: Desk, api: httpx.AsyncClient
) -> None:
    theirs, ours = alert(conversation="theirs"), alert(conversation="ours")
    theirs = theirs.model_copy(update={"site": theirs.site.model_copy(update={"host": "chat.harbour.test"})})
    with psycopg.connect(libpq_url(migrated.owner_url), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO gateway.agencies VALUES ('harbour', 'Harbour', '{en}', '', '{\"hosts\": [\"harbour.test\"], "
            '"categories": ["grooming_lure"]}\', 1, now(), now())'
        )
    await raised(desk, theirs, ours)
    await create_account(desk.database, "han", PASSWORD, ["reviewer"], agency="harbour")
    found = (await api.get("/api/alerts")).json()
    assert ([item["alert"]["conversation"] for item in found["items"]], found["open"]) == (["ours"], 1)
    taking = f"/api/alerts/{theirs.alert_id}/acknowledge"
    assert (await api.post(taking, json={"note": "not mine"})).status_code == 404
    async with api_of(desk, "han") as other:
        found = (await other.get("/api/alerts")).json()
        assert ([item["alert"]["conversation"] for item in found["items"]], found["open"]) == (["theirs"], 1)
        assert (await other.post(taking, json={"note": "calling the room's owner"})).status_code == 200
    assert await lines(desk, ALERTS_CHAIN) == ["alert-raised"]
    assert await lines(desk, of_agency(ALERTS_CHAIN, "harbour")) == ["alert-raised", "alert-taken-up"]


async def test_the_page_shows_stages_and_turns_and_nobody_but_a_reviewer_takes_up(
    desk: Desk, api: httpx.AsyncClient
) -> None:
    event = alert()
    await raised(desk, event)
    assert "Conversation alerts: 1" in (await api.get("/", headers={"Accept-Language": "en"})).text
    page = (await api.get("/alerts", headers={"Accept-Language": "en"})).text
    for words in ("moving to another platform", "t-19", "open room", "Risk 74 of 100", "What to do now"):
        assert words in page
    assert "다른 플랫폼으로 이동" in (await api.get("/alerts", headers={"Accept-Language": "ko"})).text
    async with api_of(desk, "lee") as viewer:
        refused = await viewer.post(f"/api/alerts/{event.alert_id}/acknowledge", json={"note": "x"})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "no-right")
        assert "<textarea" not in (await viewer.get("/alerts")).text
    unknown = await api.post(f"/api/alerts/{uuid4()}/acknowledge", json={"note": "x"})
    assert unknown.status_code == 404


async def test_a_playbook_that_is_no_web_address_is_no_link(desk: Desk, api: httpx.AsyncClient) -> None:
    await raised(desk, alert(playbook="javascript:alert(1)"))
    assert "javascript:" not in (await api.get("/alerts")).text


async def test_hashes_are_submitted_once(desk: Desk, api: httpx.AsyncClient) -> None:
    given = {
        "submission_id": str(uuid4()),
        "source": "victim_report",
        "category": "other",
        "reference": "2026-000117",
        "pictures": [PICTURE, {**PICTURE, "sha256": "1e" * 32, "pdq": None, "quality": 3}],
    }
    for _ in range(2):
        assert (await api.post("/api/hashes", json=given)).json() == {"pictures": 2}
    assert await submissions(desk) == 2
    assert await lines(desk, HASHES_CHAIN) == ["hashes-submitted"]
    await api.post("/api/hashes", json={**given, "pictures": [{**PICTURE, "sha256": "2d" * 32}]})
    assert await submissions(desk) == 3  # other pictures from a page that the browser had kept
    page = (await api.get("/hashes/new", headers={"Accept-Language": "en"})).text
    assert "2026-000117" in page
    assert "submitted hashes" in (await api.get("/audit", headers={"Accept-Language": "en"})).text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pictures": [{**PICTURE, "pdq": "a5" * 31}]}, "pdq"),
        ({"pictures": []}, "pictures"),
        ({"pictures": [PICTURE] * 26}, "pictures"),
        ({"pictures": [{**PICTURE, "variants": {"a\nb": PDQ}}]}, "variants"),
        ({"pictures": [{**PICTURE, "variants": {f"v-{n}": PDQ for n in range(201)}}]}, "variants"),
        ({"source": "somebody"}, "source"),
        ({"reference": ""}, "reference"),
        ({"picture": "bytes"}, "picture"),
    ],
)
async def test_a_wrong_submission_names_the_field(
    desk: Desk, api: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    given = {"submission_id": str(uuid4()), "source": "agency", "category": "other", "reference": "7"}
    answer = await api.post("/api/hashes", json={**given, "pictures": [PICTURE], **change})
    assert answer.status_code == 422
    assert field in answer.json()["errors"][0]["field"]
    assert await submissions(desk) == 0


async def test_a_form_without_hashes_says_what_to_do(desk: Desk) -> None:
    transport = httpx.ASGITransport(application(desk.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as browser:
        browser.headers["Accept-Language"] = "en"
        csrf = re.findall(r'name="csrf" value="([^"]*)"', (await browser.get("/login")).text)[0]
        await browser.post("/login", data={"csrf": csrf, "login": "kim", "password": PASSWORD})
        csrf = re.findall(r'name="csrf" value="([^"]*)"', (await browser.get("/hashes/new")).text)[0]
        fields = {"submission_id": str(uuid4()), "source": "agency", "category": "other", "reference": "7"}
        refused = await browser.post("/hashes", data={"csrf": csrf, **fields, "pictures": ""})
        assert refused.status_code == 422
        assert "Choose the pictures again" in refused.text
        assert (await browser.post("/hashes", data={**fields, "pictures": "[]"})).status_code == 403
    assert await submissions(desk) == 0


async def test_the_playbook_says_what_to_do_at_each_stage(desk: Desk, api: httpx.AsyncClient) -> None:
    await raised(desk, alert(playbook="/playbook#isolation"))
    assert 'href="/playbook#isolation"' in (await api.get("/alerts")).text
    for language, words in (("en", "Reach the child or its guardian today"), ("ko", "오늘 안에 아동이나 보호자에게")):
        page = (await api.get("/playbook", headers={"Accept-Language": language})).text
        assert 'id="isolation"' in page
        assert words in page
