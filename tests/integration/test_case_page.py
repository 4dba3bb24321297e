"""What is done on the case page, over HTTP: verdicts taken back, notices edited, pictures opened step by step."""

from __future__ import annotations

import io
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from PIL import Image, ImageFilter, ImageStat

from services.gateway.accounts import create_account
from services.gateway.casefile import open_file
from services.gateway.deciding import finishing
from services.gateway.web import application
from shared.clock import ManualClock
from shared.events.values import SealedObject
from tests.support.approvals import APPROVALS
from tests.support.gateway import PASSWORD, Desk, Story, make_desk
from tests.support.stack import Migrated

POSTS = count(5_000)


@pytest.fixture
async def desk(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    made = make_desk(migrated_once.dsn_for("gateway"), tmp_path, ManualClock())
    made.parts = replace(made.parts, undo=timedelta(seconds=10))
    yield made
    await made.database.close()


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Logged in as somebody of its own."""
    login = f"kim{next(POSTS)}"
    await create_account(desk.database, login, PASSWORD, ["reviewer"])
    transport = httpx.ASGITransport(application(desk.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        client.headers["Accept-Language"] = "en"
        csrf = hidden(await client.get("/login"), "csrf")
        await client.post("/login", data={"csrf": csrf, "login": login, "password": PASSWORD})
        yield client


@pytest.fixture
async def story(desk: Desk) -> Story:
    return await desk.awaiting_review(f"post/{next(POSTS)}")


def hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, f"no field {name} in {page.url}"
    return found[1]


async def case(browser: httpx.AsyncClient, story: Story) -> httpx.Response:
    return await browser.get(f"/cases/{story.case}")


async def approve(browser: httpx.AsyncClient, story: Story, digest: str | None = None) -> httpx.Response:
    digests = [f"{one.notice_id}:{digest or one.sha256}" for one in story.notices]
    page = await case(browser, story)
    fields = {"csrf": hidden(page, "csrf"), "verdict": "approved", "notice": digests, "shown": digests}
    return await browser.post(f"/cases/{story.case}/decision", data=fields)


async def given(desk: Desk, story: Story) -> dict[str, Any]:
    """The published verdict."""
    async with desk.database.transaction() as tx:
        rows = await tx.execute(
            sa.text("SELECT value FROM outbox WHERE topic = 'review.decided' AND key = :key"),
            {"key": str(story.case).encode()},
        )
        return dict(json.loads(rows.scalar_one()))


async def finish(desk: Desk) -> None:
    desk.parts.clock.advance(10)  # type: ignore[attr-defined]  # a ManualClock
    while await finishing.finish_next(desk.database, APPROVALS):
        pass


async def last_lines(desk: Desk, story: Story, many: int) -> list[tuple[str, Any]]:
    lines = (await open_file(desk.database, story.case)).history
    return [(line.action, line.details) for line in lines[-many:]]


async def test_a_verdict_is_taken_back_from_the_page(desk: Desk, browser: httpx.AsyncClient, story: Story) -> None:
    assert (await approve(browser, story)).status_code == 303
    page = await case(browser, story)
    assert "It can be taken back until" in page.text
    assert (await approve(browser, story)).status_code == 409
    action = re.search(r'action="(/verdicts/[^"]+/undo)"', page.text)
    assert action
    assert (await browser.get(action[1].removesuffix("/undo"))).status_code == 200
    undone = await browser.post(action[1], data={"csrf": hidden(page, "csrf")})
    assert (undone.status_code, undone.headers["location"]) == (303, f"/cases/{story.case}#top")
    assert (await browser.post(action[1], data={"csrf": hidden(page, "csrf")})).status_code == 409
    assert "Approve …" in (await case(browser, story)).text


async def test_the_api_takes_back_what_it_gave(desk: Desk, browser: httpx.AsyncClient, story: Story) -> None:
    csrf = {"X-CSRF-Token": hidden(await case(browser, story), "csrf")}
    notices = [{"notice_id": str(one.notice_id), "sha256": one.sha256} for one in story.notices]
    answer = await browser.post(
        f"/api/cases/{story.case}/decision", json={"verdict": "approved", "notices": notices}, headers=csrf
    )
    assert answer.json()["state"] == "deciding"
    (mine,) = (await browser.get("/api/verdicts")).json()["items"]
    assert list(mine["titles"]) == [str(story.case)]
    undone = await browser.post(f"/api/verdicts/{mine['batch']}/undo", headers=csrf)
    assert undone.json() == {"cases": [str(story.case)]}
    late = await browser.post(f"/api/verdicts/{mine['batch']}/undo", headers=csrf)
    assert (late.status_code, late.json()["errors"][0]["code"]) == (409, "undo-late")


async def test_an_edited_notice_is_what_is_approved(desk: Desk, browser: httpx.AsyncClient, story: Story) -> None:
    (draft,) = story.notices
    address = f"/cases/{story.case}/notices/{draft.notice_id}/edit"
    page = await browser.get(address)
    form = {"csrf": hidden(page, "csrf"), "sha256": draft.sha256, "subject": draft.subject}
    bad = await browser.post(address, data={**form, "body": "Please write to desk@elsewhere.test", "do": "look"})
    assert (bad.status_code, "must stay" in bad.text) == (422, True)
    words = f"Good day,\n\n{draft.body}"
    looked = await browser.post(address, data={**form, "body": words, "do": "look"})
    assert re.search(r"<ins>Good day,\s+</ins>", looked.text)
    assert (await browser.post(address, data={**form, "body": words, "do": "save"})).status_code == 303
    stale = await browser.post(address, data={**form, "body": words, "do": "save"})
    assert stale.status_code == 409
    ((action, details),) = await last_lines(desk, story, 1)
    assert "Edited by reviewer-" in (await case(browser, story)).text
    assert (action, details["before"]) == ("notice-edited", draft.sha256)
    assert (await approve(browser, story)).status_code == 409, "the draft's digest approves the edited notice"
    assert (await approve(browser, story, details["after"])).status_code == 303
    await finish(desk)
    (sent,) = (await given(desk, story))["approved"]
    assert (sent["body"], sent["sha256"]) == (words, details["after"])
    assert (await browser.get(address)).status_code == 409


async def test_the_api_edits_says_what_changes_and_goes_back(
    desk: Desk, browser: httpx.AsyncClient, story: Story
) -> None:
    (draft,) = story.notices
    address = f"/api/cases/{story.case}/notices/{draft.notice_id}/edit"
    csrf = {"X-CSRF-Token": hidden(await case(browser, story), "csrf")}
    words = {"sha256": draft.sha256, "body": f"Good day,\n\n{draft.body}"}
    tried = (await browser.post(address, json={**words, "save": False}, headers=csrf)).json()
    assert [one["kind"] for one in tried["body"]] == ["in", "kept"]
    made = (await browser.post(address, json=words, headers=csrf)).json()
    assert (made["sha256"], made["drafted_sha256"]) == (tried["sha256"], draft.sha256)
    back = (await browser.post(address, json={"sha256": made["sha256"]}, headers=csrf)).json()
    assert back["sha256"] == draft.sha256
    assert "Edited by" not in (await case(browser, story)).text
    locked = await browser.post(address, json={"sha256": draft.sha256, "body": "Nothing."}, headers=csrf)
    assert (locked.status_code, locked.json()["errors"][0]["code"]) == (422, "words-locked")


async def test_what_a_notice_demands_changes_only_with_a_confirmation_that_the_history_has(
    desk: Desk, browser: httpx.AsyncClient, story: Story
) -> None:
    (draft,) = story.notices
    address = f"/cases/{story.case}/notices/{draft.notice_id}/edit"
    page = await browser.get(address)
    body = draft.body.replace("Please", "Within ninety-nine days, do not")
    form = {"csrf": hidden(page, "csrf"), "sha256": draft.sha256, "subject": draft.subject, "body": body, "do": "save"}
    asked = await browser.post(address, data=form)
    assert (asked.status_code, "Does the notice still demand the same?" in asked.text) == (422, True)
    assert "ninety-nine days" in asked.text, "what was typed is still there"
    words = {"sha256": draft.sha256, "body": body}
    csrf = {"X-CSRF-Token": form["csrf"]}
    refused = (await browser.post(f"/api{address}", json=words, headers=csrf)).json()["errors"][0]
    assert (refused["code"], refused["field"]) == ("unconfirmed", "confirmed")
    tried = (await browser.post(f"/api{address}", json={**words, "save": False}, headers=csrf)).json()
    assert [one["kind"] for one in tried["to_confirm"]] == ["figure", "figure", "demand"]
    other = {**form, "body": f"{body}\n\nGood day.", "confirmed": tried["sha256"]}
    assert (await browser.post(address, data=other)).status_code == 422, "other words than those that were confirmed"
    box = re.search(r'name="confirmed" value="([0-9a-f]{64})"', asked.text)
    assert box
    assert box[1] == tried["sha256"]
    assert (await browser.post(address, data={**form, "confirmed": box[1]})).status_code == 303
    ((action, details),) = await last_lines(desk, story, 1)
    assert (action, details["after"], details["confirmed"]) == ("notice-edited", box[1], 3)


async def test_a_new_draft_takes_the_place_of_an_edited_one(
    desk: Desk, browser: httpx.AsyncClient, story: Story
) -> None:
    (draft,) = story.notices
    csrf = {"X-CSRF-Token": hidden(await case(browser, story), "csrf")}
    words = {"sha256": draft.sha256, "body": f"Good day,\n\n{draft.body}"}
    address = f"/api/cases/{story.case}/notices/{draft.notice_id}/edit"
    assert (await browser.post(address, json=words, headers=csrf)).status_code == 200
    await desk.tell(story.redrafted("Other words.\n"))
    page = await case(browser, story)
    assert "Other words." in page.text
    assert "Edited by" not in page.text


def sharpness(data: bytes) -> float:
    """How much its edges stand out."""
    with Image.open(io.BytesIO(data)) as image:
        return float(ImageStat.Stat(image.convert("L").resize((240, 160)).filter(ImageFilter.FIND_EDGES)).stddev[0])


async def opened(browser: httpx.AsyncClient, story: Story, name: str = "picture-1.jpg") -> tuple[str, dict[str, str]]:
    ask = {"csrf": hidden(await case(browser, story), "csrf"), "picture": name, "reason": "confirm-match"}
    shown = await browser.post(f"/cases/{story.case}/unblur", data=ask)
    return f"/cases/{story.case}/pictures/{name}", {"ticket": httpx.URL(shown.headers["location"]).params["ticket"]}


async def test_each_level_is_a_picture_of_its_own_and_written_down(
    desk: Desk, browser: httpx.AsyncClient, story: Story
) -> None:
    address, ticket = await opened(browser, story)
    blurred = (await browser.get(address.replace(".jpg", "-blurred.jpg"))).content
    levels = [await browser.get(address, params={**ticket, "level": level}) for level in (1, 2, 3, 1)]
    assert {one.headers["cache-control"] for one in levels} == {"no-store, private"}
    one, two, three, again = (answer.content for answer in levels)
    assert (len({blurred, one, two, three}), again) == (4, one)
    assert sharpness(blurred) < sharpness(one) < sharpness(two)
    for grey in (one, two):
        with Image.open(io.BytesIO(grey)) as image:
            assert (image.mode, max(image.size) <= 640) == ("L", True)
    seen = [details.get("level") for action, details in await last_lines(desk, story, 3)]
    assert seen == ["less", "grey", "colour"], "each level once, in the order in which it was reached"
    assert (await browser.get(address, params=ticket)).content == one, "without a level the lowest"
    for wrong in ("4", "-1", "x"):
        assert (await browser.get(address, params={**ticket, "level": wrong})).status_code == 422
    desk.parts.clock.advance(60)  # type: ignore[attr-defined]  # a ManualClock
    assert (await browser.get(address, params={**ticket, "level": 1})).status_code == 403


async def test_what_cannot_be_decoded_is_said_so(desk: Desk, browser: httpx.AsyncClient) -> None:
    story = Story.of(f"post/{next(POSTS)}")
    kept = []
    for name, data in (("picture-1.jpg", b"\xff\xd8 no picture"), ("picture-1-blurred.jpg", b"\xff\xd8 none either")):
        sha256 = await desk.vault.put(story.case, data)
        kept.append(SealedObject(name=name, sha256=sha256, bytes=len(data), media_type="image/jpeg"))
    await desk.tell(story.flagged, story.sealed.model_copy(update={"objects": tuple(kept)}), story.drafted)
    address, ticket = await opened(browser, story)
    answer = await browser.get(address, params={**ticket, "level": 2})
    assert (answer.status_code, "cannot be decoded" in answer.text) == (422, True)


async def test_keys_are_switched_off_for_one_person(browser: httpx.AsyncClient, story: Story) -> None:
    page = await case(browser, story)
    assert "data-keys" in page.text
    csrf = hidden(page, "csrf")
    assert (await browser.post("/shortcuts", data={"csrf": csrf, "keys": "off"})).status_code == 303
    assert (await browser.get("/api/shortcuts")).json() == {"on": False}
    assert "data-keys" not in (await case(browser, story)).text
    await browser.put("/api/shortcuts", json={"on": True}, headers={"X-CSRF-Token": csrf})
    assert "Your keys are on." in (await browser.get("/shortcuts")).text
