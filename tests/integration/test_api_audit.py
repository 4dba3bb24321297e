"""The audit history over HTTP: a page that names the first bad line, search, proofs, and an export that two confirm."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from haetae_verify.history import check_history
from haetae_verify.tree import continues, includes, leaf
from services.gateway import history
from services.gateway.accounts import create_account
from services.gateway.audit import Action
from services.gateway.tree import checking, growing
from services.gateway.web import application
from shared.clock import ManualClock
from shared.database import Database
from tests.support.gateway import PASSWORD, Desk, make_desk
from tests.support.histories import KEY, LOG, on_record
from tests.support.stack import Migrated

CASE = uuid4()


@pytest.fixture
async def desk(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    """Two officials who may export, a head over what they did, and one after it."""
    clock = ManualClock()
    desk = make_desk(migrated.dsn_for("gateway"), tmp_path, clock)
    await create_account(desk.database, "kim", PASSWORD, ["auditor"])
    await create_account(desk.database, "lee", PASSWORD, ["supervisor"])
    for _ in range(2):
        async with desk.database.transaction() as tx:
            await on_record(tx)
            for number in range(20):
                await history.append(tx, CASE, "reviewer-1", Action.OPENED, {"pictures": number})
        async with desk.database.transaction() as tx:
            await growing.number(tx)
        clock.advance(61)
        async with desk.database.transaction() as tx:
            assert await growing.sign_head(tx, LOG, KEY)
    async with desk.database.transaction() as tx:
        await checking.follow(tx, checking.NEW)
    yield desk
    await desk.database.close()


async def program(desk: Desk, login: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(application(desk.parts))
    client = httpx.AsyncClient(transport=transport, base_url="http://gateway.test", headers={"Accept-Language": "en"})
    answer = await client.post("/api/login", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return client


async def test_search_proofs_and_the_page(desk: Desk) -> None:
    kim = await program(desk, "kim")
    found = (await kim.get("/api/audit", params={"chain": str(CASE), "limit": 15})).json()
    assert [line["seq"] for line in found["items"]] == list(range(40, 25, -1))
    rest = (await kim.get("/api/audit", params={"chain": str(CASE), "after": found["next"], "limit": 100})).json()
    assert ([line["seq"] for line in rest["items"]], rest["next"]) == (list(range(25, 0, -1)), None)
    assert (await kim.get("/api/audit", params={"actor": "nobody"})).json()["items"] == []
    heads = (await kim.get("/api/audit/heads")).json()["items"]
    assert [head["size"] for head in heads] == [42, 22]
    proof = (await kim.get("/api/audit/inclusion", params={"chain": str(CASE), "seq": 7})).json()
    path, root = [bytes.fromhex(one) for one in proof["path"]], bytes.fromhex(proof["head"]["root"])
    assert includes(leaf(bytes.fromhex(proof["line"]["hash"])), proof["leaf"], 42, path, root)
    grown = (await kim.get("/api/audit/consistency", params={"former": 22})).json()
    path = [bytes.fromhex(one) for one in grown["path"]]
    assert continues(22, bytes.fromhex(grown["former"]["root"]), 42, bytes.fromhex(grown["head"]["root"]), path)
    assert (await kim.get("/api/audit/keys")).json()["items"][0]["key_id"] == heads[0]["key_id"]
    assert (await kim.get("/api/audit/state")).json()["lines"] == 42
    for path_, status in (
        ("/api/audit?after=x", 422), ("/api/audit?action=x", 422), ("/api/audit/consistency?former=23", 404),
        ("/api/audit/consistency?former=42&size=22", 422), (f"/api/audit/inclusion?chain={CASE}&seq=41", 404),
    ):  # fmt: skip
        assert (await kim.get(path_)).status_code == status, path_
    page = await kim.get("/audit", params={"chain": str(CASE), "action": "case-opened", "since": "2026-01-01"})
    assert page.status_code == 200
    assert "42 of 4" in page.text
    assert page.text.count(">reviewer-1</a></td>") == 40
    assert (await kim.get("/audit", params={"since": "yesterday"})).status_code == 422
    assert (await kim.get("/audit", params={"chain": "x"})).status_code == 422


async def test_the_page_names_the_first_bad_line(desk: Desk, migrated: Migrated) -> None:
    owner = Database(migrated.owner_url, "/haetae/test", schema="gateway")
    async with owner.transaction() as tx:
        await tx.execute(sa.text("ALTER TABLE audit_elsewhen DISABLE TRIGGER USER"))
        await tx.execute(
            sa.text("UPDATE audit_elsewhen SET actor = 'nobody' WHERE chain = :c AND seq >= 5"), {"c": CASE}
        )
    await owner.close()
    async with desk.database.transaction() as tx:
        await checking.follow(tx, checking.WHOLE)
    kim = await program(desk, "kim")
    page = (await kim.get("/audit")).text
    assert "The history is not as it was written" in page
    assert "line 5" in page
    assert "a line was changed" in page
    [broken] = [one["broken"] for one in (await kim.get("/api/audit/state")).json()["checks"] if one["broken"]]
    assert (broken["kind"], broken["chain"], broken["seq"], broken["action"]) == (
        "changed",
        str(CASE),
        5,
        "case-opened",
    )


async def test_an_export_is_confirmed_by_another_and_checked_elsewhere(desk: Desk, tmp_path: Path) -> None:
    kim, lee = await program(desk, "kim"), await program(desk, "lee")
    asked = await kim.post("/api/audit/exports", json={"why": "yearly review"})
    assert asked.status_code == 202, asked.text
    number = asked.json()["confirmation_id"]
    address = f"/api/audit/exports/{number}"
    assert (await kim.get(address)).status_code == 409
    assert (await kim.post(f"/api/confirmations/{number}/confirm")).status_code == 403
    assert (await lee.post(f"/api/confirmations/{number}/confirm")).status_code in (200, 204)
    answer = await kim.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    file = tmp_path / "history.jsonl"
    file.write_bytes(answer.content)
    proof = check_history(file, keys=[KEY.public_key().public_bytes_raw().hex()])
    assert (proof.lines, proof.complete) == (42, True)
    [line] = (await kim.get("/api/audit", params={"action": "history-exported"})).json()["items"]
    assert line["details"]["confirmation"] == number
    desk.parts.clock.advance(86_401)  # type: ignore[attr-defined]  # a manual one
    assert (await (await program(desk, "kim")).get(address)).status_code == 409


async def test_an_export_is_asked_for_and_fetched_on_pages_without_scripts(desk: Desk, tmp_path: Path) -> None:
    kim, lee = await browser(desk, "kim"), await browser(desk, "lee")
    page = (await kim.get("/audit", params={"chain": str(CASE)})).text
    form = {"csrf": field(page, "csrf"), "export_id": field(page, "export_id"), "chain": str(CASE), "why": " "}
    assert (await kim.post("/audit/exports", data=form)).status_code == 422
    form["why"] = "for the court"
    for _ in range(2):  # sent twice, it is one
        asked = await kim.post("/audit/exports", data=form)
        assert (asked.status_code, asked.headers["location"]) == (303, f"/confirmations#c-{form['export_id']}")
    fetch = f"/audit/exports/{form['export_id']}"
    assert fetch not in (await kim.get("/confirmations")).text
    theirs = {"csrf": field((await lee.get("/confirmations")).text, "csrf")}
    assert (await lee.post(f"/confirmations/{form['export_id']}/confirm", data=theirs)).status_code == 303
    assert fetch in (await kim.get("/confirmations")).text
    assert (await kim.post(fetch)).status_code == 403
    file = tmp_path / "part.jsonl"
    file.write_bytes((await kim.post(fetch, data=form)).content)
    assert (check_history(file).lines, check_history(file).complete) == (40, False)


async def browser(desk: Desk, login: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(application(desk.parts))
    client = httpx.AsyncClient(transport=transport, base_url="https://gateway.test", headers={"Accept-Language": "en"})
    page = (await client.get("/login")).text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    answer = await client.post("/login", data=hidden | {"login": login, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    return client


def field(page: str, name: str) -> str:
    return re.findall(rf'name="{name}" value="([^"]*)"', page)[-1]
