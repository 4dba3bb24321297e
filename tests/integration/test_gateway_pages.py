"""The pages over the real database: login, queue, case, pictures, verdict; and what browsers are told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from services.gateway import sessions
from services.gateway.accounts import Account, create_account, set_password
from services.gateway.agencies.scoping import EVERYTHING
from services.gateway.problems import Problem
from services.gateway.security import MAX_BODY, PAGE_POLICY, PICTURE_POLICY
from services.gateway.web import application
from shared.clock import ManualClock
from shared.database import Database
from shared.events.values import Risk
from tests.support.gateway import PASSWORD, Desk, Story, make_desk
from tests.support.stack import Migrated


@pytest.fixture
async def desk(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = make_desk(migrated.dsn_for("gateway"), tmp_path)
    await create_account(desk.database, "kim", PASSWORD, ["reviewer"])
    yield desk
    await desk.database.close()


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Keeps cookies, follows nothing by itself."""
    transport = httpx.ASGITransport(application(desk.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        client.headers["Accept-Language"] = "en"
        yield client


def hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, f"no field {name} in {page.url}"
    return found[1]


async def log_in(
    browser: httpx.AsyncClient, login: str = "kim", password: str = PASSWORD, **more: str
) -> httpx.Response:
    csrf = hidden(await browser.get("/login"), "csrf")
    return await browser.post("/login", data={"csrf": csrf, "login": login, "password": password, **more})


async def approve(browser: httpx.AsyncClient, page: httpx.Response, story: Story, **more: object) -> httpx.Response:
    digests = [f"{notice.notice_id}:{notice.sha256}" for notice in story.notices]
    fields = {"csrf": hidden(page, "csrf"), "verdict": "approved", "notice": digests, "shown": digests, **more}
    return await browser.post(f"/cases/{story.case}/decision", data=fields)


async def outbox(desk: Desk) -> list[str]:
    async with desk.database.transaction() as tx:
        return list(await tx.scalars(sa.text("SELECT topic FROM outbox ORDER BY position")))  # type: ignore[arg-type]


async def test_nothing_is_shown_without_a_login(desk: Desk, browser: httpx.AsyncClient) -> None:
    story = await desk.awaiting_review()
    for path in ("/", "/audit", f"/cases/{story.case}", f"/cases/{story.case}/pictures/picture-1-blurred.jpg"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login")
    assert (await browser.post(f"/cases/{story.case}/decision")).status_code == 303
    for path in ("/api/cases", "/api/summary", f"/api/cases/{story.case}"):
        assert (await browser.get(path)).status_code == 401


async def test_login_goes_on_to_the_page_that_was_asked_for(desk: Desk, browser: httpx.AsyncClient) -> None:
    assert (await log_in(browser, next="/audit")).headers["location"] == "/audit"
    await browser.get("/audit")
    for elsewhere in ("//evil.test", "https://evil.test", "/\\evil.test", "javascript:1"):
        browser.cookies.clear()
        assert (await log_in(browser, next=elsewhere)).headers["location"] == "/"


async def test_wrong_password_tells_nothing_and_is_slowed_down(desk: Desk, browser: httpx.AsyncClient) -> None:
    unknown = await log_in(browser, login="nobody", password="x" * 12)
    wrong = [await log_in(browser, password="x" * 12) for _ in range(5)]
    assert {unknown.status_code, *(answer.status_code for answer in wrong)} == {401}
    assert "do not agree" in unknown.text
    assert "do not agree" in wrong[0].text
    assert (await log_in(browser)).status_code == 429  # the right password does not help now


async def test_guessing_many_at_once_gains_nothing(desk: Desk) -> None:
    results = await asyncio.gather(
        *(sessions.log_in(desk.database, "kim", f"guess number {n}", "192.0.2.7") for n in range(15)),
        return_exceptions=True,
    )
    assert sorted(result.code for result in results if isinstance(result, Problem)) == (
        ["too-many-logins"] * 10 + ["wrong-login"] * 5
    )
    await sessions.log_in(desk.database, "kim", PASSWORD, "192.0.2.8")


async def test_a_right_password_forgives_what_was_mistyped(desk: Desk) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(Problem, match="wrong-login"):
                await sessions.log_in(desk.database, "kim", "mistyped, sadly", "192.0.2.7")
        await sessions.log_in(desk.database, "kim", PASSWORD, "192.0.2.7")


async def test_a_new_password_ends_the_sessions(desk: Desk, browser: httpx.AsyncClient) -> None:
    await log_in(browser)
    await set_password(desk.database, "kim", "another harbour entirely")
    assert (await browser.get("/")).status_code == 303


async def test_a_password_that_is_changed_while_it_is_looked_at_opens_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = sessions.password_agrees

    async def changed_meanwhile(account: Account | None, password: str) -> bool:
        agrees = await looked_at(account, password)
        await set_password(desk.database, "kim", "another " + PASSWORD)
        return agrees

    monkeypatch.setattr(sessions, "password_agrees", changed_meanwhile)
    with pytest.raises(Problem, match="wrong-login"):
        await sessions.log_in(desk.database, "kim", PASSWORD, "192.0.2.7")


async def test_a_null_character_in_a_form_is_left_out(desk: Desk, browser: httpx.AsyncClient) -> None:
    story = await desk.awaiting_review()
    assert (await log_in(browser, login="ki\0m")).status_code == 303
    answer = await approve(browser, await browser.get(f"/cases/{story.case}"), story, note="se\0en")
    assert answer.status_code == 303
    assert "seen" in (await browser.get(f"/cases/{story.case}")).text


async def test_a_session_ends_by_itself(desk: Desk, migrated: Migrated) -> None:
    clock = ManualClock(desk.parts.clock.now())
    database = Database(migrated.dsn_for("gateway"), "/haetae/gateway", clock, settings=EVERYTHING)
    opened = await sessions.log_in(database, "kim", PASSWORD, "192.0.2.7")
    clock.advance(sessions.LIFETIME.total_seconds() - 1)
    assert await sessions.recognise(database, opened.token, by_cookie=True)
    clock.advance(1)
    assert await sessions.recognise(database, opened.token, by_cookie=True) is None
    await database.close()


async def test_cookie_is_out_of_reach_of_scripts_and_ends_with_logout(desk: Desk, browser: httpx.AsyncClient) -> None:
    cookie = (await log_in(browser)).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    token = browser.cookies["haetae_session"]
    page = await browser.get("/")
    assert page.status_code == 200
    await browser.post("/logout", data={"csrf": hidden(page, "csrf")})
    browser.cookies.set("haetae_session", token)
    assert (await browser.get("/")).status_code == 303


async def test_forms_of_others_are_refused(desk: Desk, browser: httpx.AsyncClient) -> None:
    story = await desk.awaiting_review()
    await log_in(browser)
    page = await browser.get(f"/cases/{story.case}")
    assert (await approve(browser, page, story, csrf="0" * 64)).status_code == 403
    assert (await browser.post("/logout", data={})).status_code == 403
    assert (await browser.get("/")).status_code == 200


async def test_every_answer_carries_the_policy(desk: Desk, browser: httpx.AsyncClient) -> None:
    story = await desk.awaiting_review()
    await log_in(browser)
    for path in ("/", "/login", "/nowhere", "/static/style.css", "/api/cases", f"/cases/{story.case}", "/cases/x"):
        answer = await browser.get(path)
        assert answer.headers["content-security-policy"] == PAGE_POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script>", answer.text)


async def test_hostile_text_stays_text(desk: Desk, browser: httpx.AsyncClient) -> None:
    hostile = "<script>alert(1)</script>\x00'\" {{ 7*7 }} <a href=//evil.test>"
    story = await desk.awaiting_review("post/'><b>", title=hostile)
    await log_in(browser)
    for path in ("/", f"/cases/{story.case}"):
        page = (await browser.get(path)).text
        assert "<script>alert" not in page
        assert "evil.test>" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "{{ 7*7 }}" in page
    assert 'href="http' not in page


async def test_approval_is_recorded_once_and_published(desk: Desk, browser: httpx.AsyncClient) -> None:
    story = await desk.awaiting_review()
    await log_in(browser)
    page = await browser.get(f"/cases/{story.case}")
    assert (await approve(browser, page, story, note="as drafted")).status_code == 303
    again = await approve(browser, page, story)
    assert again.status_code == 409
    assert "decided already" in again.text
    assert (await outbox(desk)).count("review.decided") == 1
    assert "notices-approved" not in (shown := (await browser.get(f"/cases/{story.case}")).text)
    assert "Approved by reviewer-" in shown
    assert "as drafted" in shown


async def test_changed_draft_is_not_approved(desk: Desk, browser: httpx.AsyncClient) -> None:
    story = await desk.awaiting_review()
    await log_in(browser)
    page = await browser.get(f"/cases/{story.case}")
    await desk.tell(story.redrafted("Other words.\n"))
    answer = await approve(browser, page, story)
    assert answer.status_code == 409
    assert "changed since you looked" in answer.text
    assert "review.decided" not in await outbox(desk)


async def test_notice_that_came_since_is_noticed(desk: Desk, browser: httpx.AsyncClient) -> None:
    story = await desk.awaiting_review(recipients=("abuse@a.test", "abuse@b.test"))
    await log_in(browser)
    page = await browser.get(f"/cases/{story.case}")
    first = f"{story.notices[0].notice_id}:{story.notices[0].sha256}"
    assert (await approve(browser, page, story, notice=[first], shown=[first])).status_code == 409
    assert (await approve(browser, page, story, notice=[first])).status_code == 303


async def test_rejection_needs_a_reason(desk: Desk, browser: httpx.AsyncClient) -> None:
    story = await desk.awaiting_review()
    await log_in(browser)
    page = await browser.get(f"/cases/{story.case}")
    address, form = f"/cases/{story.case}/decision", {"csrf": hidden(page, "csrf"), "verdict": "rejected"}
    shown = {"shown": [f"{notice.notice_id}:{notice.sha256}" for notice in story.notices]}
    assert (await browser.post(address, data={**form, **shown})).status_code == 422
    assert (await browser.post(address, data={**form, **shown, "reason": "other"})).status_code == 422
    assert (await browser.post(address, data={**form, **shown, "reason": "wrong-match"})).status_code == 303
    assert "The match is wrong" in (await browser.get(f"/cases/{story.case}")).text


async def test_viewer_may_look_but_not_decide_nor_unblur(desk: Desk, browser: httpx.AsyncClient) -> None:
    story = await desk.awaiting_review()
    await create_account(desk.database, "lee", PASSWORD, ["viewer"])
    await log_in(browser, "lee")
    page = await browser.get(f"/cases/{story.case}")
    assert "A reviewer decides" in page.text
    assert (await approve(browser, page, story)).status_code == 403
    unblur = {"csrf": hidden(page, "csrf"), "picture": "picture-1.jpg", "reason": "confirm-match"}
    assert (await browser.post(f"/cases/{story.case}/unblur", data=unblur)).status_code == 403


async def test_picture_is_unblurred_only_by_the_recorded_action(desk: Desk, browser: httpx.AsyncClient) -> None:
    story = await desk.awaiting_review()
    await log_in(browser)
    page, pictures = await browser.get(f"/cases/{story.case}"), f"/cases/{story.case}/pictures"
    blurred = await browser.get(f"{pictures}/picture-1-blurred.jpg")
    assert blurred.status_code == 200
    assert blurred.headers["content-security-policy"] == PICTURE_POLICY
    assert blurred.headers["cache-control"] == "no-store, private"
    assert blurred.headers["content-disposition"].startswith("inline")
    assert (await browser.get(f"{pictures}/picture-1.jpg")).status_code == 403

    ask = {"csrf": hidden(page, "csrf"), "picture": "picture-1.jpg", "reason": ""}
    assert (await browser.post(f"/cases/{story.case}/unblur", data=ask)).status_code == 422
    shown = await browser.post(f"/cases/{story.case}/unblur", data={**ask, "reason": "confirm-match"})
    assert shown.status_code == 303
    ticket = httpx.URL(shown.headers["location"]).params["ticket"]
    assert (await browser.get(f"{pictures}/picture-1.jpg", params={"ticket": ticket})).status_code == 200
    assert (await browser.get(f"{pictures}/screenshot.jpg", params={"ticket": ticket})).status_code == 403
    history = (await browser.get(f"/api/cases/{story.case}/history")).json()
    assert history["intact"]
    assert history["items"][-1]["action"] == "picture-unblurred"
    assert history["items"][-1]["details"]["reason"] == "confirm-match"

    browser.cookies.clear()
    await create_account(desk.database, "park", PASSWORD, ["reviewer"])
    await log_in(browser, "park")
    assert (await browser.get(f"{pictures}/picture-1.jpg", params={"ticket": ticket})).status_code == 403


async def test_large_bodies_are_not_read(desk: Desk, browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/api/login", content=b"x" * (MAX_BODY + 1))
    assert answer.status_code == 413


async def test_what_counts_most_stands_first(desk: Desk, browser: httpx.AsyncClient) -> None:
    story = Story.of()
    risk = Risk(
        score=0.9, components={"text": 0.31, "slang": 0.22, "known_picture": 0.87}
    )  # jsonb: shortest name first
    flagged = story.flagged.model_copy(
        update={"assessment": story.flagged.assessment.model_copy(update={"risk": risk})}
    )
    await desk.tell(flagged)
    await log_in(browser)
    page = (await browser.get(f"/cases/{story.case}")).text
    assert re.findall(r"</meter> (\d+)<", page)[:3] == ["87", "31", "22"]


async def test_both_languages(desk: Desk, browser: httpx.AsyncClient) -> None:
    await desk.awaiting_review()
    await log_in(browser)
    browser.headers["Accept-Language"] = "ko-KR,ko;q=0.9,en;q=0.8"
    assert "심사 대기" in (await browser.get("/")).text
    await browser.get("/language/en")
    assert "Awaiting review" in (await browser.get("/")).text


async def test_destroyed_and_damaged_pictures_are_told_apart(
    desk: Desk, browser: httpx.AsyncClient, tmp_path: Path
) -> None:
    story, damaged = await desk.awaiting_review(), await desk.awaiting_review("post/2")
    await log_in(browser)
    await desk.vault.destroy(story.case)
    gone = await browser.get(f"/cases/{story.case}/pictures/picture-1-blurred.jpg")
    assert (gone.status_code, "destroyed" in gone.text) == (410, True)
    for file in (tmp_path / "evidence").rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[:-1] + b"x")
    bad = await browser.get(f"/cases/{damaged.case}/pictures/picture-1-blurred.jpg")
    assert (bad.status_code, "does not agree with its digest" in bad.text) == (500, True)


async def test_a_database_that_is_away_is_said_so(desk: Desk) -> None:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none", "/haetae/gateway")
    app = application(replace(desk.parts, database=database))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as client:
        client.cookies.set("haetae_session", "some-token")
        answer = await client.get("/api/cases")
        page = await client.get("/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert answer.json()["errors"][0]["code"] == "away"
    assert (page.status_code, page.headers["content-security-policy"]) == (503, PAGE_POLICY)
    await database.close()


async def test_our_own_fault_is_answered_with_the_policy_too(desk: Desk) -> None:
    class Broken:
        async def get(self, case_id: object, sha256: str) -> bytes:
            raise ZeroDivisionError

    story = await desk.awaiting_review()
    transport = httpx.ASGITransport(application(replace(desk.parts, vault=Broken())), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        client.headers["Accept-Language"] = "en"
        await log_in(client)
        answer = await client.get(f"/cases/{story.case}/pictures/picture-1-blurred.jpg")
    assert (answer.status_code, answer.headers["content-security-policy"]) == (500, PAGE_POLICY)
    assert "not your doing" in answer.text
    assert "ZeroDivision" not in answer.text


async def test_with_tls_the_cookie_is_bound_to_the_host(desk: Desk) -> None:
    transport = httpx.ASGITransport(application(replace(desk.parts, tls=True)))
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.test") as client:
        client.headers["Accept-Language"] = "en"
        assert (await client.get("/login")).headers["set-cookie"].startswith("__Host-haetae_login=")
        answer = await log_in(client)
        assert answer.headers["set-cookie"].startswith("__Host-haetae_session=")
        assert "Secure" in answer.headers["set-cookie"]
        assert "max-age" in answer.headers["strict-transport-security"]
        assert (await client.get("/")).status_code == 200
