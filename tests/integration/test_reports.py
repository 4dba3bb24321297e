"""Reports for officials, institutions and partners: the intake API, referrals with their receipt, alarms, pages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.gateway.door import limits
from services.gateway.door.linking import unreached
from services.gateway.door.watching import Watch
from shared.events import Envelope, PageReported, PageUnreached
from shared.identity import case_id
from tests.support.door import CENTRE, COUNSELLOR, POLICE, REVIEWER, URL, Door, a_door, program
from tests.support.gateway import Story
from tests.support.stack import Migrated


@pytest.fixture
async def door(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Door]:
    async with a_door(migrated_once.dsn_for("gateway"), tmp_path) as door:
        yield door


@pytest.fixture
async def police(door: Door) -> AsyncIterator[httpx.AsyncClient]:
    async with program(door.desk, POLICE) as client:
        yield client


def given(*posts: str, **more: object) -> dict[str, Any]:
    return {"reference": uuid4().hex, "source": "police", "urls": [URL.format(post) for post in posts], **more}


async def missed(door: Door, url: str, *, final: bool) -> None:
    """As the crawler tells it."""
    event = PageUnreached(
        case_id=case_id(url),
        report_id=await door.page(url),
        url=url,
        problem="wall: login — log in to see this",
        final=final,
        tried_at=door.clock.now(),
    )
    async with door.desk.database.transaction(Envelope(event, uuid4(), "/haetae/test", datetime.now(UTC))) as tx:
        await unreached(event, tx)


async def test_an_institution_reports_once_under_its_reference_and_asks_what_became_of_it(
    door: Door, police: httpx.AsyncClient
) -> None:
    body = given("intake-1", "intake-2", what="minor", contact="desk 4", note="gate seven")
    made, again = await police.post("/api/reports", json=body), await police.post("/api/reports", json=body)
    assert (made.status_code, again.status_code) == (201, 200), made.text
    assert made.json() == again.json()
    other = await police.post("/api/reports", json={**body, "urls": [URL.format("intake-3")]})
    assert other.status_code == 409
    assert (await police.post("/api/reports", json={**body, "note": "gate eight"})).status_code == 409
    (event,) = [one for one in await door.told(PageReported) if str(case_id(URL.format("intake-1"))) in one]
    assert '"minor_apparent"' in event
    assert "gate seven" not in event
    await door.desk.tell(Story.of("post/intake-1").flagged)
    changed = (await police.get(f"/api/reports/{made.json()['number']}")).json()
    assert [page["stage"] for page in changed["pages"]] == ["found", "received"]
    since = {"updated_since": changed["updated_at"]}
    assert [one["number"] for one in (await police.get("/api/reports", params=since)).json()["items"]] == [
        changed["number"]
    ]
    (row,) = await door.rows("SELECT digest FROM reports WHERE reference = :given", given=body["reference"])
    open_words = await police.post("/api/reports", json={**body, "reference": uuid4().hex, "contact": "", "note": ""})
    (bare,) = await door.rows(
        "SELECT digest FROM reports WHERE number = :n", n=open_words.json()["number"].replace("-", "")
    )
    assert row.digest == bare.digest, "what is sealed is not to be guessed from a digest of it"


async def test_a_program_gone_wild_is_stopped(police: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    known = given("intake-wild")
    assert (await police.post("/api/reports", json=known)).status_code == 201
    monkeypatch.setattr(limits, "MOST_OF_PARTNER", 1)
    assert (await police.post("/api/reports", json=given("intake-wilder"))).status_code == 429
    assert (await police.post("/api/reports", json=known)).status_code == 200, "what is there is no new one"


async def test_an_institution_sees_its_own_reports_alone(door: Door, police: httpx.AsyncClient) -> None:
    number = (await police.post("/api/reports", json=given("intake-own"))).json()["number"]
    victims, _ = await door.report(URL.format("intake-own"))
    async with program(door.desk, COUNSELLOR) as other:
        assert (await other.get(f"/api/reports/{number}")).status_code == 404
        assert (await other.get("/api/reports")).json()["items"] == []
    assert (await police.get(f"/api/reports/{victims}")).status_code == 404


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://a.test/", "nothing", "http://", "javascript:alert(1)"])
async def test_what_is_no_web_address_is_named_and_nothing_is_taken(police: httpx.AsyncClient, url: str) -> None:
    refused = await police.post("/api/reports", json={**given("intake-fine"), "urls": [URL.format("x"), url]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "urls.1"


async def test_a_referral_is_fetched_once_and_the_person_sees_the_receipt(door: Door) -> None:
    number, pin = await door.report(
        URL.format("refer-1"),
        contact="lantern@gate.test",
        when="mornings",
        consent=["process", "contact"],
        partner="centre",
    )
    async with program(door.desk, COUNSELLOR) as stranger:
        assert (await stranger.get("/api/referrals")).json()["items"] == []
        assert (await stranger.post(f"/api/referrals/{await referral(door, number)}/fetch")).status_code == 404
    async with partner(door) as centre:
        (waiting,) = (await centre.get("/api/referrals")).json()["items"]
        assert "contact" not in waiting
        path = f"/api/referrals/{waiting['referral_id']}/fetch"
        fetched = await centre.post(path)
        assert fetched.status_code == 200, fetched.text
        assert (fetched.json()["contact"], fetched.json()["when"]) == ("lantern@gate.test", "mornings")
        assert (await centre.post(path)).status_code == 409
        assert (await centre.get("/api/referrals")).json()["items"] == []
    assert "taken over on" in (await door.status(number, pin)).text
    assert "referral-fetched" in await door.history(number)


async def test_a_referral_of_a_person_who_changed_their_mind_is_void(door: Door) -> None:
    number, pin = await door.report(
        URL.format("refer-2"), contact="c@gate.test", consent=["process", "contact"], partner="centre"
    )
    async with partner(door) as centre:
        await door.act(await door.status(number, pin), "forget")
        assert (await centre.post(f"/api/referrals/{await referral(door, number)}/fetch")).status_code == 410


async def referral(door: Door, number: str) -> str:
    (row,) = await door.rows(
        "SELECT referral_id FROM referrals JOIN reports USING (report_id) WHERE number = :n", n=number.replace("-", "")
    )
    return str(row.referral_id)


def partner(door: Door) -> Any:
    return program(door.desk, CENTRE)


async def test_one_address_that_is_given_up_is_an_alarm_while_the_others_are_found(door: Door) -> None:
    """The person is told that somebody looks at it."""
    urls = [URL.format("alarm-3"), URL.format("alarm-4")]
    number, pin = await door.report(*urls)
    await door.desk.tell(Story.of("post/alarm-3").flagged)
    await missed(door, urls[1], final=True)
    assert "A person looks at it now" in (await door.status(number, pin)).text
    assert await alarm(door, number) == "unreached"
    await door.act(await door.status(number, pin), "withdraw", sure="yes")
    await missed(door, urls[1], final=True)
    assert await alarm(door, number) is None, "nobody asks for it any more"


async def test_alarms_tell_of_what_cannot_be_reached_stands_still_or_was_not_fetched(door: Door) -> None:
    url, watch = URL.format("alarm-1"), Watch(door.desk.parts.house)
    number, pin = await door.report(url, contact="c@gate.test", consent=["process", "contact"], partner="centre")
    await missed(door, url, final=False)
    assert "can only be seen after a log-in" in (await door.status(number, pin)).text
    assert await alarm(door, number) is None
    await missed(door, url, final=True)
    assert await alarm(door, number) == "unreached"
    assert "A person looks at it now" in (await door.status(number, pin)).text
    still, _ = await door.report(URL.format("alarm-2"))
    door.clock.advance(25 * 3_600)
    async with door.desk.database.transaction() as tx:
        await watch.look(tx)
    assert await alarm(door, still) == "stalled"
    async with program(door.desk, COUNSELLOR) as desk:
        late = (await desk.get("/api/desk/reports?view=late")).json()["items"]
        assert number in [one["number"] for one in late]
        assert (await desk.post(f"/api/desk/reports/{still}/seen")).json()["alarm"] is None


async def alarm(door: Door, number: str) -> str | None:
    (row,) = await door.rows("SELECT alarm FROM reports WHERE number = :n", n=number.replace("-", ""))
    return row.alarm  # type: ignore[no-any-return]  # a column of text


async def test_contact_data_go_by_themselves_after_a_year_without_a_change(door: Door) -> None:
    number, _ = await door.report(URL.format("keep-1"), contact="c@gate.test", consent=["process", "contact"])
    door.clock.advance(366 * 86_400)
    async with door.desk.database.transaction() as tx:
        await Watch(door.desk.parts.house).look(tx)
    (row,) = await door.rows("SELECT secret, forgotten_at FROM reports WHERE number = :n", n=number.replace("-", ""))
    assert row.secret is None
    assert row.forgotten_at
    assert "report-contact-deleted" in await door.history(number)


async def test_officials_see_reports_but_not_who_made_them(door: Door) -> None:
    story = await door.desk.awaiting_review("post/desk-1")
    number, _ = await door.report(
        URL.format("desk-1"), contact="lantern@gate.test", note="gate seven", consent=["process", "contact"]
    )
    async with program(door.desk, COUNSELLOR) as desk:
        desk.headers["Accept-Language"] = "en"
        listed = await desk.get(f"/reports?case={story.case}")
        assert number in listed.text
        page = await desk.get(f"/reports/{number}")
        assert "Sealed. Opening it is a line" in page.text
        assert f"/cases/{story.case}" in page.text
        assert "lantern" not in page.text + listed.text
        csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert csrf
        no_reason = await desk.post(f"/reports/{number}/contact", data={"csrf": csrf[1], "why": " "})
        assert no_reason.status_code == 422
        opened = await desk.post(f"/reports/{number}/contact", data={"csrf": csrf[1], "why": "asked to be called"})
        assert "lantern@gate.test" in opened.text
    assert (await door.history(number)).count("report-contact-opened") == 1
    async with program(door.desk, REVIEWER) as reviewer:
        assert (await reviewer.get(f"/api/desk/reports/{number}")).status_code == 403
