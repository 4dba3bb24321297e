"""Ladders, further rounds, answers, hand-overs, stopping, providers and documents, over the real database."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from services.gateway import stalled
from services.gateway.accounts import create_account
from services.gateway.answers import describe
from services.gateway.notices.acting import HandOver, check_hand_over
from services.gateway.problems import Problem
from services.gateway.store import Case
from services.gateway.texts import Texts
from services.gateway.web import application
from shared.clock import ManualClock
from shared.events import (
    AnswerKind,
    CaseLink,
    ContentReappeared,
    NoticeAnswered,
    NoticeBounced,
    NoticeWithdrawn,
    PlannedStep,
    RemovalVerified,
    ReviewDecided,
)
from shared.events.examples import EXAMPLES
from shared.notices import reference
from tests.support.approvals import APPROVALS
from tests.support.gateway import PASSWORD, Desk, Story, make_desk
from tests.support.ladders import drafted, due, ladder, planned, sent, written
from tests.support.stack import Migrated

HOSTILE = "<script>alert(1)</script> \u202egnp.exe {{ 7*7 }} \x00"


@pytest.fixture
async def desk(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = make_desk(migrated.dsn_for("gateway"), tmp_path, ManualClock(EXAMPLES[NoticeBounced].bounced_at))
    await create_account(desk.database, "script", PASSWORD, ["reviewer"], scripted=True)
    yield desk
    await desk.database.close()


@pytest.fixture
async def api(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """A program's requests; the pages too answer to its token."""
    transport = httpx.ASGITransport(application(desk.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        client.headers["Accept-Language"] = "en"
        await log_in(client)
        yield client


async def log_in(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/login", json={"login": "script", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"


async def story_with(desk: Desk, *notices: Any, post: str = "post/41") -> Story:
    story = Story.of(post)
    await desk.tell(story.flagged, story.sealed, drafted(story, *(notices or ladder(story))))
    return story


def verdict(notices: Any, **more: object) -> dict[str, Any]:
    chosen = [{"notice_id": str(notice.notice_id), "sha256": notice.sha256} for notice in notices]
    return {"verdict": "approved", "notices": chosen, **more}


async def decide(api: httpx.AsyncClient, story: Story, notices: Any, **more: object) -> httpx.Response:
    return await api.post(f"/api/cases/{story.case}/decision", json=verdict(notices, **more))


async def published(desk: Desk, kind: str) -> list[dict[str, Any]]:
    async with desk.database.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT headers, value FROM outbox ORDER BY position"))
        return [json.loads(value) for headers, value in rows if headers["ce_type"] == kind]


async def test_each_round_is_decided_once_and_sealed_by_itself(desk: Desk, api: httpx.AsyncClient) -> None:
    story = await story_with(desk)
    assert (await decide(api, story, ladder(story))).status_code == 200
    packet = written(story, "regulator", "ko", occasion="packet", role="regulator")
    await desk.tell(sent(story, ladder(story)[0]), drafted(story, packet, number=1, why="regulator"))

    [waiting] = (await api.get("/api/cases")).json()["items"]
    assert (waiting["state"], waiting["awaits"]) == ("sent", 1)
    assert (await decide(api, story, [packet])).status_code == 409  # not of round 0, and that is decided
    assert (await decide(api, story, [packet], round=2)).json()["errors"][0]["code"] == "no-round"
    approved = await decide(api, story, [packet], round=1)
    assert approved.status_code == 200, approved.text
    assert approved.json()["awaits"] is None
    assert approved.json()["rounds"][0]["verdict"] == "approved"
    assert (await decide(api, story, [packet], round=1)).json()["errors"][0]["code"] == "decided"

    first, second = [ReviewDecided.model_validate(event) for event in await published(desk, "review.decided.v1")]
    assert (first.round, second.round) == (0, 1)
    for event in (first, second):
        APPROVALS.check(event)
    with pytest.raises(Exception, match="seal"):
        APPROVALS.check(second.model_copy(update={"round": 0}))


async def test_a_further_round_may_be_rejected_alone(desk: Desk, api: httpx.AsyncClient) -> None:
    story = await story_with(desk)
    await decide(api, story, ladder(story))
    await desk.tell(drafted(story, written(story, "regulator", "ko"), number=1, why="regulator"))
    rejected = {"verdict": "rejected", "note": "draft-wrong: the log is cut", "round": 1}
    answer = (await api.post(f"/api/cases/{story.case}/decision", json=rejected)).json()
    assert (answer["state"], answer["verdict"], answer["rounds"][0]["verdict"]) == ("approved", "approved", "rejected")


async def test_a_notice_that_lacks_a_field_is_not_approved(desk: Desk, api: httpx.AsyncClient) -> None:
    story = Story.of()
    whole = written(story, "lighthouse-host")
    lacking = written(story, "search-engine", missing=("signature (Example Act)",))
    story = await story_with(desk, whole, lacking)
    refused = (await decide(api, story, [whole, lacking])).json()["errors"][0]
    assert (refused["code"], refused["field"], "signature (Example Act)" in refused["problem"]) == (
        "notice-lacks", "notices", True,
    )  # fmt: skip
    page = (await api.get(f"/cases/{story.case}")).text
    assert f'value="{lacking.notice_id}:{lacking.sha256}" disabled' in page
    assert (await decide(api, story, [whole])).status_code == 200


async def test_a_reminder_needs_what_it_reminds_of(desk: Desk, api: httpx.AsyncClient) -> None:
    story = await story_with(desk)
    _host, reminder, form, later = ladder(story)
    assert (await decide(api, story, [reminder, form])).json()["errors"][0]["code"] == "reminder-alone"
    assert (await decide(api, story, [form, later])).status_code == 200


async def test_what_is_stopped_is_told_once(desk: Desk, api: httpx.AsyncClient) -> None:
    story = await story_with(desk)
    host, reminder, form, later = ladder(story)
    await decide(api, story, [host, reminder, form, later])
    await desk.tell(sent(story, host))
    address = f"/api/cases/{story.case}/stop"
    assert (await api.post(address, json={"why": " "})).status_code == 422
    assert (await api.post(address, json={"notices": [str(host.notice_id)], "why": "sent"})).status_code == 409
    one = await api.post(address, json={"notices": [str(later.notice_id)], "why": "no registrar"})
    assert one.json() == {"stopped": [str(later.notice_id)]}
    rest = await api.post(address, json={"why": "the person asked us to"})
    assert set(rest.json()["stopped"]) == {str(reminder.notice_id), str(form.notice_id)}
    assert (await api.post(address, json={"why": "again"})).status_code == 409
    assert [len(event["notices"]) for event in await published(desk, "notices.stopped.v1")] == [1, 2]
    case = (await api.get(f"/api/cases/{story.case}")).json()
    assert [notice["state"] for notice in case["notices"]] == ["sent", "withdrawn", "withdrawn", "withdrawn"]


async def test_a_notice_is_handed_in_once_by_a_person(desk: Desk, api: httpx.AsyncClient) -> None:
    story = await story_with(desk)
    form = ladder(story)[2]
    address = f"/api/cases/{story.case}/notices/{form.notice_id}/hand-over"
    await decide(api, story, ladder(story))
    assert (await api.post(address, json={"receipt": "7"})).json()["errors"][0]["code"] == "not-handing"
    await desk.tell(due(story, form))
    assert (await api.get("/?view=hand-over")).text.count(f"/cases/{story.case}") == 1
    page = (await api.get(f"/cases/{story.case}/notices/{form.notice_id}/hand-over")).text
    assert "https://search-engine.test/report" in page
    assert 'href="http' not in page
    assert "我們請求貴方" in page
    for wrong in ({}, {"receipt": " "}, {"receipt": "7", "failed": "x"}, {"receipt": "7" * 201}):
        assert (await api.post(address, json=wrong)).status_code == 422
    with pytest.raises(Problem) as too_long:
        check_hand_over(HandOver(receipt="7" * 201))
    assert describe(too_long.value, Texts("en"))["cure"] == "Use at most 200 characters."
    assert (await api.post(address, json={"receipt": " 2026-0001177 "})).status_code == 200
    assert (await api.post(address, json={"receipt": "8"})).status_code == 409
    [event] = await published(desk, "notice.handed-over.v1")
    assert (event["receipt"], event["failed"], event["notice_id"]) == ("2026-0001177", "", str(form.notice_id))
    assert (await api.get("/api/cases")).json()["items"][0]["hand_over_at"] is None


async def test_alarms_are_seen_to_by_somebody(desk: Desk, api: httpx.AsyncClient) -> None:
    story = await story_with(desk)
    host = ladder(story)[0]
    await decide(api, story, ladder(story))
    bounced = EXAMPLES[NoticeBounced].model_copy(update={"case_id": story.case, "notice_id": host.notice_id})
    await desk.tell(planned(story, host.notice_id), bounced)
    case = (await api.get(f"/api/cases/{story.case}")).json()
    assert [one["alarm"] for one in case["alarms"]] == ["question", "bounced"]
    assert case["alarm"] == "question"
    address, keys = f"/api/cases/{story.case}/attend", [one["key"] for one in case["alarms"]]
    assert (await api.post(address, json={"alarms": ["nothing"], "note": "x"})).status_code == 409
    first = await api.post(address, json={"alarms": keys[:1], "note": "answered by telephone"})
    assert [one["alarm"] for one in first.json()["alarms"]] == ["bounced"]
    second = await api.post(address, json={"alarms": keys[1:], "note": "another mailbox is asked"})
    assert (second.json()["alarms"], second.json()["alarm"]) == ([], None)
    await desk.tell(planned(story, host.notice_id))  # the same alarm again is no news
    assert (await api.get("/api/cases")).json()["items"][0]["alarm"] is None


async def test_words_of_others_stay_words(desk: Desk, api: httpx.AsyncClient) -> None:
    story = await story_with(desk)
    host = ladder(story)[0]
    await decide(api, story, ladder(story))
    answered = EXAMPLES[NoticeAnswered].model_copy(
        update={
            "case_id": story.case,
            "notice_id": host.notice_id,
            "kind": AnswerKind.COUNTER_NOTICE,
            "words": HOSTILE,
            "ticket": HOSTILE,
            "recipient": HOSTILE,
        }
    )
    link = CaseLink(
        case_id=UUID(int=7),
        reference="HT-AAAAAAAA",
        host=HOSTILE,
        by=("hash", HOSTILE),
        found_at=story.drafted.drafted_at,
    )
    withdrawn = EXAMPLES[NoticeWithdrawn].model_copy(
        update={"case_id": story.case, "notice_id": ladder(story)[3].notice_id, "why": HOSTILE, "by": HOSTILE}
    )
    unknown = answered.model_copy(update={"answer_id": UUID(int=8), "notice_id": None})
    packet = drafted(story, written(story, "regulator"), number=1, why=HOSTILE).model_copy(update={"links": (link,)})
    await desk.tell(answered, unknown, withdrawn, packet, planned(story, host.notice_id))
    page = (await api.get(f"/cases/{story.case}")).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "{{ 7*7 }}" in page
    assert "\u202e" not in page
    assert "[U+202E]gnp.exe" in page
    lines = (await api.get(f"/api/cases/{story.case}/history")).json()["items"]
    told = next(line for line in lines if line["action"] == "notice-answered")
    assert "words" not in told["details"]  # what goes into the history never comes out of it again


async def test_the_text_shows_its_proofs_and_what_is_locked(desk: Desk, api: httpx.AsyncClient) -> None:
    story = await story_with(desk)
    host = ladder(story)[0]
    page = (await api.get(f"/cases/{story.case}")).text
    assert f'<span class=" proof of-1" id="p-{host.notice_id}-1">本人の同意なく' in page
    assert f'<a class="to-2" href="#p-{host.notice_id}-2">location</a>' in page
    assert (
        f'<span class="locked proof of-2" id="p-{host.notice_id}-2">http://harbour-board.en.test/post/41</span>' in page
    )
    assert '<pre lang="zh-Hant" dir="auto"' in page
    assert '<pre lang="ko" tabindex="0"><span' not in page  # the reading begins with words of ours


async def test_a_later_case_of_the_same_content_names_the_first(desk: Desk, api: httpx.AsyncClient) -> None:
    first, second = await story_with(desk), Story.of("post/42")
    link = CaseLink(
        case_id=first.case,
        reference=reference(first.case),
        host="harbour-board.en.test",
        by=("hash",),
        found_at=first.drafted.drafted_at,
    )
    await desk.tell(second.flagged, second.drafted.model_copy(update={"links": (link,)}))
    assert f"Re-upload of {reference(first.case)}" in (await api.get(f"/cases/{second.case}")).text
    assert f'href="/cases/{second.case}"' in (await api.get(f"/cases/{first.case}")).text
    [told] = (await api.get(f"/api/cases/{first.case}")).json()["links"]
    assert (told["case_id"], told["earlier"], told["by"]) == (str(second.case), False, ["hash"])


async def test_content_that_is_back_opens_the_case_again(desk: Desk, api: httpx.AsyncClient) -> None:
    story = await story_with(desk)
    await decide(api, story, ladder(story))
    gone = EXAMPLES[RemovalVerified].model_copy(update={"case_id": story.case})
    back = EXAMPLES[ContentReappeared].model_copy(update={"case_id": story.case})
    await desk.tell(sent(story, ladder(story)[0]), gone, back)
    [case] = (await api.get("/api/cases")).json()["items"]
    assert (case["state"], case["alarm"]) == ("sent", "reappeared")


async def test_a_case_that_has_its_next_step_is_not_stalled(desk: Desk, api: httpx.AsyncClient) -> None:
    story, other = await story_with(desk), await story_with(desk, post="post/42")
    for told in (story, other):
        await decide(api, told, ladder(told))
    await desk.tell(planned(other, ladder(other)[0].notice_id).model_copy(update={"steps": ()}))
    later = {"steps": (PlannedStep(what="send", at=desk.parts.clock.now() + timedelta(days=1), why="approved"),)}
    await desk.tell(planned(story, ladder(story)[0].notice_id).model_copy(update=later))
    assert isinstance(desk.parts.clock, ManualClock)
    desk.parts.clock.advance(stalled.PATIENCE.total_seconds() + 1)
    async with desk.database.transaction() as tx:
        await stalled.mark(tx)
        alarms = {row.case_id: row.alarm for row in await tx.scalars(sa.select(Case))}
    assert alarms == {story.case: None, other.case: "stalled"}


async def test_providers_are_compared_by_what_they_did(desk: Desk, api: httpx.AsyncClient) -> None:
    at = EXAMPLES[NoticeBounced].bounced_at
    for number in range(3):
        story = Story.of(f"post/{number}")
        quick, slow = written(story, "quick-host"), written(story, "dead-host")
        await story_with(desk, quick, slow, post=f"post/{number}")
        told = EXAMPLES[NoticeAnswered].model_copy(
            update={"case_id": story.case, "notice_id": quick.notice_id, "answer_id": UUID(int=number + 1)}
        )
        answered = told.model_copy(update={"answered_at": at + timedelta(hours=number + 1), "kind": AnswerKind.REFUSED})
        machine = told.model_copy(update={"answer_id": UUID(int=90 + number), "kind": AnswerKind.AUTO_REPLY})
        on_time = {"sent_at": at}
        await desk.tell(sent(story, quick).model_copy(update=on_time), sent(story, slow).model_copy(update=on_time))
        await desk.tell(answered, machine)
        if number:
            gone = {"case_id": story.case, "verified_at": at + timedelta(hours=10 * number)}
            await desk.tell(EXAMPLES[RemovalVerified].model_copy(update=gone))
    assert isinstance(desk.parts.clock, ManualClock)
    desk.parts.clock.advance(timedelta(days=3).total_seconds())
    await log_in(api)  # a token ends with the day
    told = {row["provider"]: row for row in (await api.get("/api/providers")).json()["items"]}
    assert told["quick-host"] == {
        "provider": "quick-host", "notices": 3, "answered": 3, "answer_s": 7200.0, "refused": 3, "bounced": 0,
        "unanswered": 0, "cases": 3, "removed": 2, "removal_s": 54_000.0, "reappeared": 0, "reuploads": 0,
    }  # fmt: skip
    assert (told["dead-host"]["answered"], told["dead-host"]["unanswered"]) == (0, 1)
    page = (await api.get("/providers")).text
    assert page.index("dead-host") < page.index("quick-host")  # as many notices: by name


async def test_what_took_no_measured_time_is_in_no_median(desk: Desk, api: httpx.AsyncClient) -> None:
    at, story = EXAMPLES[NoticeBounced].bounced_at, Story.of("post/1")
    quick = written(story, "quick-host")
    await story_with(desk, quick, post="post/1")
    answer = {"case_id": story.case, "notice_id": quick.notice_id, "answered_at": at, "kind": AnswerKind.REFUSED}
    await desk.tell(sent(story, quick).model_copy(update={"sent_at": at}))
    await desk.tell(EXAMPLES[NoticeAnswered].model_copy(update=answer))
    await desk.tell(EXAMPLES[RemovalVerified].model_copy(update={"case_id": story.case, "verified_at": at}))
    (row,) = (await api.get("/api/providers")).json()["items"]
    assert (row["answered"], row["answer_s"], row["removal_s"]) == (1, None, None)


async def test_documents_are_whole_in_every_script(desk: Desk, api: httpx.AsyncClient) -> None:
    story = await story_with(desk)
    await decide(api, story, ladder(story))
    await desk.tell(planned(story, ladder(story)[0].notice_id))
    for notice, words in zip(ladder(story), ("本人の同意", "本人の同意", "我們請求貴方", "แพร"), strict=True):
        answer = await api.get(f"/cases/{story.case}/notices/{notice.notice_id}.pdf")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        text = text_of(answer)
        assert words in text
        assert "당사자의 동의 없이 유포된" in text
        assert "http://harbour-board.en.test/post/41" in text
    report = await api.get(f"/api/cases/{story.case}/report.pdf")
    assert len(PdfReader(io.BytesIO(report.content)).pages) == 2
    assert "Lighthouse Host" in text_of(report)
    assert "hxxp://harbour-board[.]en[.]test/post/41" in text_of(report)
    assert (await api.get(f"/cases/{story.case}/notices/{UUID(int=1)}.pdf")).status_code == 404
    lines = (await api.get(f"/api/cases/{story.case}/history")).json()["items"]
    assert [line["action"] for line in lines].count("document-made") == 5  # none of what was never made


async def test_a_hostile_report_stays_on_two_pages(desk: Desk, api: httpx.AsyncClient) -> None:
    story = Story.of()
    hostile = '#panic("x") $a$ *b* @c <d> \\ // \u202e\u200b مرحبا \U0001f600 ' + "w" * 3_000
    notices = [written(story, f"host-{n}", subject=hostile, body=hostile) for n in range(60)]
    report = story.drafted.report.model_copy(update={"title": hostile, "body": f"{hostile}\n" * 500})
    told = drafted(story, *notices).model_copy(update={"report": report})
    await desk.tell(story.flagged, story.sealed, told)
    answer = await api.get(f"/cases/{story.case}/report.pdf")
    assert len(PdfReader(io.BytesIO(answer.content)).pages) == 2
    assert (await api.get(f"/cases/{story.case}/notices/{notices[0].notice_id}.pdf")).status_code == 200


def text_of(answer: httpx.Response) -> str:
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return "".join(page.extract_text() for page in pages).replace("\u200b", "")
