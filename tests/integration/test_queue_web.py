"""Queue, claims, clusters and live updates as browsers and programs meet them, over real HTTP and a real database."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from services.gateway import sessions
from services.gateway.accounts import create_account
from services.gateway.claims import tending
from services.gateway.claims.store import Turn
from services.gateway.live import following
from services.gateway.live.feed import Kind, tell
from services.gateway.live.following import Place
from services.gateway.live.hub import Hub
from services.gateway.web import application
from shared.database import Transaction
from shared.web import serving
from tests.support.gateway import PASSWORD, Desk, make_desk
from tests.support.poll import eventually
from tests.support.stack import Migrated

PEOPLE = {"kim": "reviewer", "lee": "reviewer", "vic": "viewer"}


@dataclass
class Office:
    """One gateway on a port; a program of each person, and their browsers."""

    desk: Desk
    hub: Hub
    address: str
    programs: dict[str, httpx.AsyncClient]

    async def post(self, who: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = await self.programs[who].post(f"/api{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def get(self, who: str, path: str, **params: Any) -> Any:
        answer = await self.programs[who].get(f"/api{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
async def office(migrated_once: Migrated, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path_factory.mktemp("office"))
    for login, role in PEOPLE.items():
        await create_account(desk.database, login, PASSWORD, [role])
    async with Hub(desk.database, desk.parts.clock).running() as hub:
        parts = replace(desk.parts, live=hub, undo=timedelta(minutes=5))
        async with serving(application(parts), "127.0.0.1", 0) as port:
            address = f"http://127.0.0.1:{port}"
            programs = {}
            for login in PEOPLE:
                token = (await sessions.log_in(desk.database, login, PASSWORD, "192.0.2.1")).token
                programs[login] = httpx.AsyncClient(
                    base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=30
                )
            yield Office(desk, hub, address, programs)
            for program in programs.values():
                await program.aclose()
    await desk.database.close()


@pytest.fixture
async def empty(office: Office) -> Office:
    """Without turns: nothing of another test waits."""
    async with office.desk.database.transaction() as tx:
        await tx.execute(sa.delete(Turn))
    return office


async def test_a_program_claims_renews_puts_aside_and_gives_back(empty: Office) -> None:
    first, second = [(await empty.desk.awaiting_review(f"claim/{n}", minutes=n)).case for n in range(2)]
    taken = (await empty.post("kim", "/claims/next", {}))["claim"]
    assert taken["case_id"] == str(first)
    refused = await empty.programs["lee"].post(f"/api/cases/{first}/claim")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "claimed")
    assert taken["holder"] in refused.json()["errors"][0]["problem"]
    renewed = await empty.post("kim", f"/cases/{first}/claim/renew")
    assert renewed["until"] >= taken["until"]
    assert [one["case_id"] for one in (await empty.get("kim", "/claims"))["items"]] == [str(first)]
    listed = await empty.get("lee", "/cases", state="drafted", host="Harbour-Board.en.test")
    assert {one["case_id"]: one["holder"] for one in listed["items"] if one["holder"]} == {str(first): taken["holder"]}
    await empty.post("kim", f"/cases/{first}/claim/skip")
    assert (await empty.post("kim", "/claims/next", {}))["claim"]["case_id"] == str(second)
    assert (await empty.post("kim", "/claims/next", {})) == {"claim": None, "rest_until": None}
    assert (await empty.post("kim", "/claims/put-aside"))["released"]
    assert (await empty.post("lee", "/claims/next", {"category": "trade_offer"}))["claim"] is None
    assert (await empty.post("lee", "/claims/next", {}))["claim"]["case_id"] == str(first)
    assert (await empty.post("kim", f"/cases/{first}/claim/release")) == {"released": False}
    assert (await empty.programs["vic"].post("/api/claims/next", json={})).status_code == 403


async def test_filters_and_saved_views_are_ones_own_unless_shared(empty: Office) -> None:
    story = await empty.desk.awaiting_review("filtered/1", title="A quiet filtered harbour")
    other = story.flagged.finding.language
    assert other
    for asked, there in (({"language": other}, True), ({"language": "xx"}, False), ({"pictures": False}, False)):
        ids = [one["case_id"] for one in (await empty.get("kim", "/cases", state="drafted", **asked))["items"]]
        assert (str(story.case) in ids) is there, asked
    async with browser_of(empty, "kim") as page:
        home = await page.get("/?language=xx&known=1")
        assert "There is nothing here." in home.text
        fields = {"csrf": csrf(home), "view": "review", "language": "xx", "name": "Mine <b>", "shared": "1"}
        saved = await page.post("/views", data=fields)
        assert saved.headers["location"] == "/?view=review&language=xx"
        assert "Mine &lt;b&gt;" in (await page.get("/")).text
    async with browser_of(empty, "lee") as page:
        shown = await page.get("/")
        assert "Mine &lt;b&gt;" in shown.text
        assert "/drop" not in shown.text


async def test_cases_that_are_alike_are_decided_and_undone_together(empty: Office) -> None:
    stories = [await empty.desk.awaiting_review(f"alike/{n}", title=f"Harbour parcel {n} for sale") for n in range(3)]
    lead = stories[0].case
    members = (await empty.get("kim", f"/cases/{lead}/cluster"))["items"]
    assert {one["case_id"] for one in members} == {str(story.case) for story in stories}
    assert {"picture", "template"} <= set(members[0]["kinds"])
    chosen = [{name: one[name] for name in ("case_id", "notices")} for one in members[:2]]
    await empty.desk.tell(stories[0].redrafted("Please remove it today."))
    refused = await empty.programs["kim"].post("/api/clusters/decision", json={"verdict": "approved", "cases": chosen})
    assert refused.json()["errors"][0]["code"] == "cluster-changed"
    assert {(await empty.get("kim", f"/cases/{story.case}"))["state"] for story in stories} == {"drafted"}
    async with browser_of(empty, "kim") as page:
        assert f"/cases/{lead}/cluster" in (await page.get("/clusters")).text
        shown = await page.get(f"/cases/{lead}/cluster")
        boxes = re.findall(r'name="case" value="([^"]+)"', shown.text)
        assert len(boxes) == 3
        fields = {"csrf": csrf(shown), "verdict": "approved", "note": "", "case": boxes[:2]}
        decided = await page.post(f"/cases/{lead}/cluster", data=fields)
        undo = await page.get(decided.headers["location"])
        states = [(await empty.get("kim", f"/cases/{box.partition(':')[0]}"))["state"] for box in boxes]
        assert states == ["deciding", "deciding", "drafted"]
        batch = decided.headers["location"].rpartition("/")[2]
        await page.post(f"/verdicts/{batch}/undo", data={"csrf": csrf(undo)})
    assert {(await empty.get("kim", f"/cases/{story.case}"))["state"] for story in stories} == {"drafted"}


async def test_what_happens_is_heard_once_in_order_and_again_after_an_absence(empty: Office) -> None:
    async with aclosing(heard(empty, "lee")) as stream:
        assert (await anext(stream))[1] == "open"
        story = await empty.desk.awaiting_review("heard/1")
        await empty.post("kim", f"/cases/{story.case}/claim")
        first: list[tuple[str, str, Any]] = []
        while len(first) < 2:  # what came before this test may be told within it
            first += [one for one in [await anext(stream)] if one[2].get("case_id") == str(story.case)]
    assert [kind for _, kind, _ in first] == ["waiting", "claimed"]
    await empty.post("kim", f"/cases/{story.case}/claim/release")
    async with aclosing(heard(empty, "lee", last=first[0][0])) as stream:
        assert [(await anext(stream))[1] for _ in range(3)] == ["open", "claimed", "freed"]
    async with aclosing(heard(empty, "lee", last="1.1")) as stream:
        assert [(await anext(stream))[1] for _ in range(2)] == ["open", "resync"]


async def test_what_commits_late_is_told_in_its_place_and_not_left_out(empty: Office) -> None:
    """A position taken first and committed last: whoever goes by positions alone never hears of it."""
    database, case = empty.desk.database, (await empty.desk.awaiting_review("late/1")).case
    async with database.transaction() as tx:
        begins = await following.ended(tx)
    async with database.transaction() as slow:
        await tell(slow, "home", case, Kind.CHANGED)
        async with database.transaction() as quick:
            await tell(quick, "home", case, Kind.GONE)
        async with database.transaction() as tx:
            assert await kinds_after(tx, begins, case) == []

    async def both() -> bool:
        async with database.transaction() as tx:
            return await kinds_after(tx, begins, case) == ["changed", "gone"]

    await eventually(both)


async def kinds_after(tx: Transaction, place: Place, case: UUID) -> list[str]:
    told = [change.kind for change in await following.after(tx, place) if change.case_id == case]
    return [kind for kind in told if kind in (Kind.CHANGED, Kind.GONE)]


async def test_a_server_that_stops_waits_for_no_listener(office: Office) -> None:
    async with Hub(office.desk.database, office.desk.parts.clock).running() as hub:
        parts = replace(office.desk.parts, live=hub)
        async with serving(application(parts), "127.0.0.1", 0) as port, httpx.AsyncClient(timeout=30) as program:
            program.headers.update(office.programs["kim"].headers)
            async with program.stream("GET", f"http://127.0.0.1:{port}/api/live") as answer:
                lines = answer.aiter_lines()
                assert (await anext(lines)).startswith("retry")
                hub.end()
                assert [line async for line in lines if line] == []


async def heard(office: Office, who: str, last: str = "") -> AsyncIterator[tuple[str, str, Any]]:
    """Id, kind and data of each event; first ("", "open", None), once the hub has the listener."""
    headers = {"Last-Event-ID": last} if last else {}
    async with office.programs[who].stream("GET", "/api/live", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        event: dict[str, str] = {}
        async for line in answer.aiter_lines():
            if line.startswith("retry"):
                yield "", "open", None
            elif line:
                name, _, value = line.partition(": ")
                event[name] = value
            elif "event" in event:
                yield event.get("id", ""), event["event"], json.loads(event["data"])
                event = {}


async def test_turns_of_an_older_formula_are_placed_anew(empty: Office) -> None:
    story = await empty.desk.awaiting_review("old/1")
    async with empty.desk.database.transaction() as tx:
        rank = (await tx.get(Turn, story.case)).rank  # type: ignore[union-attr]  # it is there
        await tx.execute(sa.update(Turn).where(Turn.case_id == story.case).values(formula=0, rank=-1.0))
    async with empty.desk.database.transaction() as tx:
        await tending.tend(tx)
        assert await tx.scalar(sa.select(Turn.rank).where(Turn.case_id == story.case)) == rank


def browser_of(office: Office, who: str) -> httpx.AsyncClient:
    token = office.programs[who].headers["Authorization"].removeprefix("Bearer ")
    cookies = {"haetae_session": token}
    return httpx.AsyncClient(base_url=office.address, cookies=cookies, headers={"Accept-Language": "en"}, timeout=30)


def csrf(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]*)"', page.text)
    assert found, page.text[:500]
    return found[1]
