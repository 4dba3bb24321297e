"""Sealed evidence at the gateway: custody is shown and checked; orders, downloads, looks; what is destroyed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from haetae_verify.chain import broken_at
from services.gateway import history
from services.gateway.accounts import create_account
from services.gateway.casefile import open_file
from services.gateway.evidence import orders
from services.gateway.evidence.lines import note
from services.gateway.evidence.looks import ONE_LOOK
from services.gateway.routes import case
from services.gateway.security import PICTURE_POLICY
from services.gateway.web import application
from shared.clock import ManualClock
from shared.events import CustodyAction, CustodyNoted, EvidenceFailed, EvidenceOrderDone, OrderKind
from shared.events.examples import EXAMPLES
from shared.events.values import SealedObject
from shared.failures import Rejected
from tests.support.custody import WORDS, told
from tests.support.gateway import PASSWORD, Desk, Story, make_desk, picture_files
from tests.support.stack import Migrated

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><rect width="4" height="3"/></svg>'
HOSTILE = "<script>alert(1)</script> The lantern parcel waits."


@pytest.fixture(scope="module")
async def desk(migrated_once: Migrated, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path_factory.mktemp("gateway"), ManualClock())
    for login, role in (("kim", "reviewer"), ("lee", "viewer")):
        await create_account(desk.database, login, PASSWORD, [role])
    yield desk
    await desk.database.close()


@pytest.fixture(scope="module")
async def api(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """A reviewer's program, which may open pages as well."""
    async with program(desk, "kim") as client:
        yield client


@asynccontextmanager
async def program(desk: Desk, login: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(desk.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        answer = await client.post("/api/login", json={"login": login, "password": PASSWORD})
        client.headers.update({"Authorization": f"Bearer {answer.json()['token']}", "Accept-Language": "en"})
        client.cookies.clear()
        yield client


async def kept(desk: Desk, story: Story) -> tuple[SealedObject, ...]:
    """Pictures, a redacted screen, the text and the wireframe, in the vault."""
    objects = list(await desk.sealed_objects(story.case))
    redacted = dict(picture_files())["screenshot-blurred.jpg"] + b"\0"
    more = (
        ("screenshot-redacted.jpg", redacted, "image/jpeg"),
        ("text.txt", HOSTILE.encode() + b"\xff", "text/plain"),
        ("layout.svg", SVG, "image/svg+xml"),
    )
    for name, data, media_type in more:
        sha256 = await desk.vault.put(story.case, data)
        objects.append(SealedObject(name=name, sha256=sha256, bytes=len(data), media_type=media_type))
    return tuple(objects)


@pytest.fixture
async def story(desk: Desk, request: pytest.FixtureRequest) -> Story:
    """A case that awaits review, with the first lines of its custody."""
    story = Story.of(f"post/{request.node.name}")
    objects = await kept(desk, story)
    await desk.tell(story.flagged, story.sealed.model_copy(update={"objects": objects}), story.drafted)
    await hear(desk, *chain(story, objects=objects))
    return story


def chain(
    story: Story, *more: tuple[CustodyAction, dict[str, Any]], objects: tuple[SealedObject, ...] = ()
) -> list[CustodyNoted]:
    sealed = {"manifest_sha256": story.sealed.manifest_sha256, "mode": "full"}
    stamp = {"authority": "one", "stamped_at": "2026-11-22T09:00:03.000Z"}
    first = ((CustodyAction.COLLECTED, {}), (CustodyAction.SEALED, sealed), (CustodyAction.STAMPED, stamp))
    return told(story.case, *first, *more, objects=objects)


async def hear(desk: Desk, *lines: CustodyNoted) -> None:
    for line in lines:
        async with desk.database.transaction() as tx:
            await note(line, tx)


async def published(desk: Desk, story: Story) -> list[dict[str, Any]]:
    """What the evidence service is told of the case."""
    ours = "SELECT convert_from(value, 'UTF8') FROM outbox WHERE topic = 'evidence.orders' AND key = :key"
    async with desk.database.transaction() as tx:
        rows = await tx.execute(sa.text(f"{ours} ORDER BY position"), {"key": str(story.case).encode()})
        return [json.loads(row[0]) for row in rows]


async def actions(desk: Desk, story: Story) -> list[str]:
    return [line.action for line in (await open_file(desk.database, story.case)).history]


async def field(api: httpx.AsyncClient, story: Story, name: str) -> str:
    page = (await api.get(f"/cases/{story.case}")).text
    return page.partition(f'name="{name}" value="')[2].partition('"')[0]


async def done(desk: Desk, story: Story, order: str, **more: Any) -> None:
    example = EXAMPLES[EvidenceOrderDone]
    event = example.model_copy(
        update={
            "case_id": story.case,
            "order_id": UUID(order),
            "why": "reference 2026-11",
            "done_at": desk.parts.clock.now(),
            **more,
        }
    )
    async with desk.database.transaction() as tx:
        await orders.done(event, tx)  # type: ignore[arg-type]  # the examples are of all events


async def ordered(api: httpx.AsyncClient, story: Story, **more: Any) -> httpx.Response:
    body = {"kind": "bundle", "why": "reference 2026-11", "basis": "request of the police", **more}
    return await api.post(f"/api/cases/{story.case}/orders", json=body)


async def test_custody_is_shown_and_checked(desk: Desk, api: httpx.AsyncClient, story: Story) -> None:
    page = (await api.get(f"/cases/{story.case}")).text
    assert "3 lines were recomputed just now: intact" in page
    assert "Time stamp: one" in page
    told_by_api = (await api.get(f"/api/cases/{story.case}/evidence")).json()
    assert told_by_api["custody_intact"]
    assert broken_at(told_by_api["custody"]) is None
    assert {item["kind"] for item in told_by_api["files"]} >= {"text", "wireframe", "redacted", "picture", "blurred"}


async def test_a_line_that_is_missing_or_another_is_found(desk: Desk, api: httpx.AsyncClient) -> None:
    story = await desk.awaiting_review("post/missing")
    first, second, third = chain(story)
    await hear(desk, first, third)
    assert (await open_file(desk.database, story.case)).standing.broken == 2
    assert "broken at line 2" in (await api.get(f"/cases/{story.case}")).text
    await hear(desk, second, second)
    assert (await open_file(desk.database, story.case)).standing.broken is None
    with pytest.raises(Rejected, match="line 2"):
        await hear(desk, second.model_copy(update={"hash": "0" * 64}))


async def test_lines_of_custody_cannot_be_changed_here_either(desk: Desk, story: Story) -> None:
    for statement in ("UPDATE custody SET actor = 'nobody'", "DELETE FROM custody"):
        with pytest.raises(DBAPIError):
            async with desk.database.transaction() as tx:
                await tx.execute(sa.text(statement))


async def test_opening_a_case_is_one_look_for_a_while(desk: Desk, api: httpx.AsyncClient, story: Story) -> None:
    for _ in range(3):
        await api.get(f"/cases/{story.case}")
        await api.get(f"/cases/{story.case}/pictures/picture-1-blurred.jpg")
    [look] = await published(desk, story)
    assert (look["action"], look["blurred"], look["why"]) == ("viewed", True, "case-opened")
    assert {item["name"] for item in look["artifacts"]} == {"picture-1-blurred.jpg", "screenshot-redacted.jpg"}
    assert isinstance(desk.parts.clock, ManualClock)
    desk.parts.clock.advance(ONE_LOOK.total_seconds() + 1)
    await api.get(f"/cases/{story.case}/pictures/screenshot-redacted.jpg")  # by itself, without the page
    assert len(await published(desk, story)) == 2
    assert (await actions(desk, story)).count("case-opened") == 2


async def test_a_program_that_reads_a_case_opens_it_and_sees_no_picture(
    desk: Desk, api: httpx.AsyncClient, story: Story
) -> None:
    await api.get(f"/api/cases/{story.case}")
    assert (await actions(desk, story))[-1] == "case-opened"
    assert await published(desk, story) == []
    await api.get(f"/cases/{story.case}")
    assert len(await published(desk, story)) == 1


async def test_each_unblurred_look_is_reported_with_its_reason(
    desk: Desk, api: httpx.AsyncClient, story: Story
) -> None:
    form = {"csrf": await field(api, story, "csrf"), "picture": "screenshot.jpg", "reason": "second-look"}
    for _ in range(2):
        assert (await api.post(f"/cases/{story.case}/unblur", data=form)).status_code == 303
    looks = [event for event in await published(desk, story) if not event["blurred"]]
    assert [(look["why"], look["artifacts"][0]["name"]) for look in looks] == [("second-look", "screenshot.jpg")] * 2
    assert (await api.post(f"/cases/{story.case}/unblur", data={**form, "picture": "layout.svg"})).status_code == 404


async def test_text_is_read_as_text_and_with_a_reason(desk: Desk, api: httpx.AsyncClient, story: Story) -> None:
    form = {"csrf": await field(api, story, "csrf"), "reason": ""}
    assert (await api.post(f"/cases/{story.case}/text", data=form)).status_code == 422
    read = await api.post(f"/cases/{story.case}/text", data={**form, "reason": "draft-unclear"})
    assert "&lt;script&gt;alert(1)&lt;/script&gt; The lantern parcel waits.\ufffd" in read.text
    assert (await published(desk, story))[-1]["artifacts"][0]["name"] == "text.txt"
    assert (await actions(desk, story))[-1] == "page-text-read"
    assert (await api.get(f"/cases/{story.case}/pictures/text.txt")).status_code == 404


async def test_the_wireframe_is_a_picture_that_can_do_nothing(desk: Desk, api: httpx.AsyncClient, story: Story) -> None:
    answer = await api.get(f"/cases/{story.case}/pictures/layout.svg")
    assert (answer.headers["content-type"], answer.headers["content-security-policy"]) == (
        "image/svg+xml",
        PICTURE_POLICY,
    )
    assert await published(desk, story) == []  # it shows nothing of what the page showed


async def test_a_bundle_from_order_to_download(desk: Desk, api: httpx.AsyncClient, story: Story) -> None:
    own = str(uuid4())
    first, again = await ordered(api, story, order_id=own), await ordered(api, story, order_id=own)
    assert first.status_code == again.status_code == 202
    order = first.json()["order_id"]
    assert again.json()["order_id"] == order
    [event] = await published(desk, story)
    assert (event["order_id"], event["kind"], event["basis"]) == (order, "bundle", "request of the police")
    address = f"/api/cases/{story.case}/orders/{order}/bundle"
    assert (await api.get(address)).status_code == 409
    assert "under way" in (await api.get(f"/cases/{story.case}")).text

    await desk.exports.put(story.case, UUID(order), b"PK" * 5_000_000)  # two parts
    await done(desk, story, order)
    [listed] = (await api.get(f"/api/cases/{story.case}/orders")).json()["items"]
    assert (listed["state"], listed["downloadable"]) == ("done", True)
    form = {"csrf": await field(api, story, "csrf")}
    assert (await api.post(f"/cases/{story.case}/orders/{order}/bundle", data={})).status_code == 403
    fetched = await api.post(f"/cases/{story.case}/orders/{order}/bundle", data=form)
    assert fetched.content == b"PK" * 5_000_000
    assert fetched.headers["content-disposition"] == f'attachment; filename="{story.case}.haetae.zip"'
    assert "no-store" in fetched.headers["cache-control"]
    assert (await api.get(address)).content == fetched.content
    copies = [event for event in await published(desk, story) if event.get("action") == "copied"]
    assert [(copy["why"], copy["blurred"]) for copy in copies] == [("reference 2026-11", False)] * 2
    assert (await actions(desk, story)).count("bundle-downloaded") == 2


async def test_a_bundle_that_is_gone_was_not_copied(desk: Desk, api: httpx.AsyncClient, story: Story) -> None:
    order = (await ordered(api, story)).json()["order_id"]
    await done(desk, story, order)
    answer = await api.get(f"/api/cases/{story.case}/orders/{order}/bundle")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (410, "bundle-gone")
    assert "bundle-downloaded" not in await actions(desk, story)
    await done(desk, story, order, done_at=desk.parts.clock.now() - timedelta(days=1))
    assert (await api.get(f"/api/cases/{story.case}/orders")).json()["items"][0]["downloadable"] is False
    other = Story.of("post/2")
    assert (await api.get(f"/api/cases/{other.case}/orders/{order}/bundle")).status_code == 404


async def test_an_order_that_failed_says_why(desk: Desk, api: httpx.AsyncClient, story: Story) -> None:
    order = (await ordered(api, story)).json()["order_id"]
    await done(desk, story, order, error="the store is full")
    assert "the store is full" in (await api.get(f"/cases/{story.case}")).text
    assert (await actions(desk, story))[-2:] == ["evidence-order-failed", "case-opened"]


WRONG: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"why": " "}, 422, "why"),
    ({"basis": ""}, 422, "basis"),
    ({"kind": "class"}, 422, "kind"),
    ({"kind": "release"}, 409, "hold"),
    ({"kind": "hold", "until": "2020-01-01T00:00:00Z"}, 422, "until"),
    ({"kind": "hold", "until": "9999-12-31T23:59:59-12:00"}, 422, "until"),  # not in UTC's calendar
    ({"kind": "hold", "until": "9999-12-31T23:00:00Z"}, 422, "until"),  # not in Korea's
    ({"force": True}, 422, "force"),
)


async def test_an_order_needs_reason_basis_and_sense(desk: Desk, api: httpx.AsyncClient, story: Story) -> None:
    for more, status, named in WRONG:
        answer = await ordered(api, story, **more)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, named)
    assert await published(desk, story) == []


async def test_an_order_is_not_changed_by_sending_it_again(desk: Desk, api: httpx.AsyncClient, story: Story) -> None:
    number = str(uuid4())
    assert [(await ordered(api, story, order_id=number)).status_code for _ in range(2)] == [202, 202]
    for other in ({"kind": "hold"}, {"basis": "another"}):
        again = await ordered(api, story, order_id=number, **other)
        assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "order-differs")
    assert [one["kind"] for one in await published(desk, story)] == ["bundle"]


async def test_of_a_long_chain_the_newest_lines_are_shown_and_all_are_checked(
    desk: Desk, api: httpx.AsyncClient, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case, "MOST_LINES", 2)
    page = (await api.get(f"/cases/{story.case}")).text
    assert ">collected<" not in page
    assert ">time-stamped<" in page
    assert "3 lines were recomputed" in page
    assert "manifest (SHA-256)" in page
    assert page.count("The newest 2 lines") == 2


async def test_only_reviewers_order_and_only_from_our_page(desk: Desk, api: httpx.AsyncClient, story: Story) -> None:
    form = {"kind": "hold", "order_id": str(uuid4()), "why": "x", "basis": "y"}
    assert (await api.post(f"/cases/{story.case}/orders", data={**form, "csrf": "0" * 64})).status_code == 403
    async with program(desk, "lee") as viewer:
        assert (await ordered(viewer, story)).status_code == 403
        assert "A reviewer orders bundles" in (await viewer.get(f"/cases/{story.case}")).text


async def test_a_hold_is_shown_and_released_by_name(desk: Desk, api: httpx.AsyncClient, story: Story) -> None:
    form = {"csrf": await field(api, story, "csrf"), "kind": "hold", "order_id": str(uuid4())}
    placed = await api.post(
        f"/cases/{story.case}/orders", data={**form, "why": "x", "basis": "y", "until": "2026-12-31"}
    )
    assert placed.status_code == 303
    assert (await published(desk, story))[-1]["until"] == "2027-01-01T00:00:00Z"  # the day itself is covered
    objects = (await open_file(desk.database, story.case)).case.objects or ()
    held = (CustodyAction.HELD, {**WORDS, "until": None})
    await hear(desk, chain(story, held, objects=objects)[-1])
    page = (await api.get(f"/cases/{story.case}")).text
    assert "legal hold: 1" in page
    assert WORDS["order_id"] in page
    assert (await ordered(api, story, kind="release", hold=str(uuid4()))).status_code == 409
    assert (await ordered(api, story, kind="release", hold=WORDS["order_id"])).status_code == 202
    released = (CustodyAction.RELEASED, {**WORDS, "hold": WORDS["order_id"]})
    await hear(desk, chain(story, held, released, objects=objects)[-1])
    assert "legal hold" not in (await api.get(f"/cases/{story.case}")).text.partition("Bundles")[0]


@pytest.mark.parametrize("until", ["9999-12-31T23:00:00Z", "some day"])
async def test_a_line_that_is_odd_does_not_hide_the_case(
    desk: Desk, api: httpx.AsyncClient, story: Story, until: str
) -> None:
    odd: dict[str, Any] = {"until": until, "<b>": "<script>alert(1)</script>", "list": ["<i>", {"a": None}]}
    await hear(desk, chain(story, (CustodyAction.HELD, odd))[-1])
    page = await api.get(f"/cases/{story.case}")
    assert page.status_code == 200
    assert until[:8] in page.text
    assert [one for one in ("<script>alert", "<b>:", "<i>") if one in page.text] == []


async def test_of_destroyed_evidence_the_page_knows_no_word(desk: Desk, api: httpx.AsyncClient, story: Story) -> None:
    objects = (await open_file(desk.database, story.case)).case.objects or ()
    await hear(desk, chain(story, (CustodyAction.DESTROYED, {**WORDS, "objects": 7}), objects=objects)[-1])
    words = (story.flagged.finding.title, story.flagged.finding.excerpt, "agrees with bank", story.drafted.report.body)
    assert [word for word in words if word in (await api.get(f"/cases/{story.case}")).text] == []
    await desk.tell(story.drafted.model_copy(update={"drafted_at": story.drafted.drafted_at + timedelta(hours=1)}))
    page = (await api.get(f"/cases/{story.case}")).text
    assert [word for word in words if word in page] == []
    assert "was destroyed on" in page
    assert "It went with the evidence." in page
    for name in ("picture-1-blurred.jpg", "screenshot-redacted.jpg", "layout.svg"):
        assert (await api.get(f"/cases/{story.case}/pictures/{name}")).status_code == 410
    assert (await ordered(api, story)).json()["errors"][0]["code"] == "destroyed"
    assert story.sealed.manifest_sha256 in page
    async with desk.database.transaction() as tx:
        assert (await history.read(tx, story.case))[1] is None
    assert (await open_file(desk.database, story.case)).standing.broken is None
    assert "evidence-destroyed" in await actions(desk, story)


async def test_what_could_not_be_captured_is_seen_in_the_queue(desk: Desk, api: httpx.AsyncClient) -> None:
    failed, partly = Story.of("post/gone", title="Gone"), Story.of("post/partly", title="Partly")
    reason = "the page answered 410"
    about = {"case_id": failed.case, "finding": failed.flagged.finding, "reason": reason}
    await desk.tell(failed.flagged, EXAMPLES[EvidenceFailed].model_copy(update=about))
    await desk.tell(partly.flagged, partly.sealed.model_copy(update={"incomplete": ("rdap", "second")}))
    await desk.awaiting_review("post/whole", title="Whole")
    page = (await api.get("/?view=unproven")).text
    assert reason in page
    assert "registration, second look" in page
    assert "Whole" not in page
    listed = {row["title"]: row for row in (await api.get("/api/cases")).json()["items"]}
    assert (listed["Gone"]["failure"], listed["Partly"]["incomplete"]) == (reason, ["rdap", "second"])
    assert (
        "These steps of the capture failed: registration, second look" in (await api.get(f"/cases/{partly.case}")).text
    )
    assert f"could not be preserved: {reason}" in (await api.get(f"/cases/{failed.case}")).text
    await desk.tell(failed.sealed)  # it was seen again, and captured
    assert reason not in (await api.get(f"/cases/{failed.case}")).text.partition("Audit history of this case")[0]


async def test_an_order_of_the_command_line_is_heard_of(desk: Desk, api: httpx.AsyncClient, story: Story) -> None:
    await done(desk, story, str(uuid4()), kind=OrderKind.DESTROY, by="command-line", error="a hold stands")
    [row] = (await api.get(f"/api/cases/{story.case}/orders")).json()["items"]
    assert (row["kind"], row["by"], row["state"]) == ("destroy", "command-line", "failed")
