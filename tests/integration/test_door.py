"""The victim's door without scripts: the form, number and PIN, what becomes of a report, what its maker can do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.gateway.cases import known
from services.gateway.door import taking
from services.gateway.door.found_addresses import addresses_in
from services.gateway.door.numbers import check_digit
from services.gateway.door.texts import LANGUAGES, WORDS
from services.gateway.store import Case
from services.gateway.web import application
from shared.events import HashSubmitted, PageReported, ReferralMade, RemovalVerified
from shared.failures import Transient
from shared.identity import case_id
from tests.support.door import URL, Door, a_door, hidden
from tests.support.gateway import Story
from tests.support.poll import eventually
from tests.support.stack import Migrated
from tests.support.visitors import add_agency

FOUND_AFTER = 10 * 365 * 24 * 60  # minutes after the catalogue's example: after the door's clock


@pytest.fixture
async def door(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Door]:
    async with a_door(migrated_once.dsn_for("gateway"), tmp_path) as door:
        yield door


async def test_a_report_is_received_found_sent_and_removed(door: Door) -> None:
    story, url = Story.of("post/door-1"), URL.format("door-1")
    number, pin = await door.report(f"Look at this: {url}?utm_source=app.")
    assert any(str(case_id(url)) in value for value in await door.told(PageReported))
    seen = await door.status(number, pin)
    assert "Received. We look at it soon." in seen.text
    assert url in seen.text
    await door.desk.tell(story.flagged.model_copy(update={"reports": (await door.page(url),)}))
    assert "Found. We keep proof" in (await door.status(number, pin)).text
    (case,) = await door.rows("SELECT reports, reported_at FROM cases WHERE case_id = :case", case=story.case)
    assert case.reports == 1
    assert case.reported_at
    gone = story.flagged.flagged_at + timedelta(hours=1)
    await door.desk.tell(RemovalVerified(case_id=story.case, url=url, first_gone_at=gone, verified_at=gone, checks=2))
    assert "Removed. We keep looking" in (await door.status(number, pin)).text


async def test_a_redirect_leads_the_report_to_the_case_of_where_it_led(door: Door) -> None:
    story = Story.of("post/door-moved")
    number, pin = await door.report(URL.format("door-short"))
    flagged = story.flagged.model_copy(update={"reports": (await door.page(URL.format("door-short")),)})
    await door.desk.tell(flagged)
    page = (await door.status(number, pin)).text
    assert "Found. We keep proof" in page
    assert URL.format("door-short") in page, "the person sees the address that they gave"


async def test_two_reports_of_a_page_are_one_case_and_each_sees_its_own(door: Door) -> None:
    url, other = URL.format("door-2"), URL.format("door-2-other")
    story = Story.of("post/door-2")
    first = await door.report(url)
    await door.desk.tell(story.flagged)
    second = await door.report(url, other)
    (case,) = await door.rows("SELECT reports FROM cases WHERE case_id = :case", case=story.case)
    assert case.reports == 2
    reported = [value for value in await door.told(PageReported) if str(story.case) in value]
    assert len(reported) == 1, "a case that the reviewers have is not visited anew"
    assert other not in (await door.status(*first)).text
    assert "Found. We keep proof" in (await door.status(*second)).text


async def test_the_same_form_sent_twice_is_one_report_with_the_same_pin(door: Door) -> None:
    form = await door.person.get("/report/new")
    fields = door.filled(token=hidden(form, "token"), urls=URL.format("door-twice"))
    first, again = [await door.person.post("/report", data=fields) for _ in range(2)]
    assert re.findall(r'id="(?:number|pin)">([\d-]+)<', first.text) == re.findall(
        r'id="(?:number|pin)">([\d-]+)<', again.text
    )
    assert "Addresses of the pages: 1" in again.text
    (count,) = await door.rows("SELECT count(*) FROM reported_pages WHERE url = :url", url=URL.format("door-twice"))
    assert count.count == 1
    door.clock.advance(1_801)
    late = await door.person.post("/report", data=fields)
    assert late.status_code == 403, "a form that the browser kept tells the PIN to nobody who has the telephone later"
    assert 'id="pin"' not in late.text


async def test_wrong_pins_are_counted_for_the_number_from_wherever_they_come(door: Door) -> None:
    number, pin = await door.report(URL.format("door-pin"))
    wrong = f"{(int(pin) + 1) % 1_000_000:06}"
    for place in range(10):
        async with door.browser(f"10.9.9.{place}") as other:
            refused = await other.post("/report/status", data={"number": number, "pin": wrong})
            assert refused.status_code == 403
            assert "do not belong together" in refused.text
    locked = await door.status(number, pin)
    assert locked.status_code == 429
    assert locked.headers["Retry-After"] == "3600"
    assert "000-0000" in locked.text, "whoever is stopped is given a number to call"
    door.clock.advance(3_601)
    assert (await door.status(number, pin)).status_code == 200


async def test_an_unknown_number_is_answered_as_a_wrong_pin(door: Door) -> None:
    number, pin = await door.report(URL.format("door-unknown"))
    slip = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert (await door.status(slip, pin)).status_code == 422
    unknown = await door.status("00000000001" + check_digit("00000000001"), pin)
    wrong = await door.status(number, "000000" if pin != "000000" else "000001")
    assert unknown.status_code == wrong.status_code == 403
    assert unknown.text == wrong.text


async def test_what_is_missing_is_said_at_its_field_and_nothing_typed_is_lost(door: Door) -> None:
    form = await door.person.get("/report/new")
    given = {"token": hidden(form, "token"), "source": "victim", "what": "shared", "urls": "no address here"}
    refused = await door.person.post("/report", data={**given, "contact": "lantern@gate.test", "note": "gate <seven>"})
    assert refused.status_code == 422
    for words in ("Here we could not find an address", "Without this consent", "Please agree that we do"):
        assert words in refused.text
    assert "no address here</textarea>" in refused.text
    assert "gate &lt;seven&gt;" in refused.text
    assert hidden(refused, "token") == given["token"]


async def test_contact_is_sealed_changed_and_deleted_for_good(door: Door) -> None:
    number, pin = await door.report(
        URL.format("door-contact"), contact="lantern@gate.test", note="gate seven", consent=["process", "contact"]
    )
    (row,) = await door.rows("SELECT * FROM reports WHERE number = :n", n=number.replace("-", ""))
    assert b"lantern" not in bytes(row.secret)
    page = await door.status(number, pin)
    changed = await door.act(page, "contact", contact="parcel@gate.test", consent="contact")
    assert "Saved." in changed.text
    told = await door.opened(number)
    assert (told["contact"], told["note"]) == ("parcel@gate.test", "gate seven")
    assert "Deleted." in (await door.act(page, "forget")).text
    (row,) = await door.rows("SELECT secret, secret_key, forgotten_at FROM reports WHERE number = :n", n=row.number)
    assert (row.secret, row.secret_key) == (None, None)
    assert "report-contact-deleted" in await door.history(number)


async def test_a_report_taken_back_sends_nothing_more_unless_a_duty_remains(
    door: Door, migrated_once: Migrated
) -> None:
    """Nor does it stop what the agency found by itself: whoever put it there could report it for that. Where another
    agency has the case by now it is stopped too."""
    add_agency(migrated_once.owner_url, "harbour")
    for post, found, category, stopped in (
        ("door-back", FOUND_AFTER, "suspected_picture", 1),
        ("door-away", FOUND_AFTER, "suspected_picture", 1),
        ("door-duty", FOUND_AFTER, "minor_apparent", 0),
        ("door-ours", 0, "suspected_picture", 0),
    ):
        number, pin = await door.report(URL.format(post))
        story = await door.desk.awaiting_review(f"post/{post}", minutes=found)
        await door.approve(story, category)
        if post == "door-away":
            async with door.desk.database.transaction() as tx:
                await tx.execute(sa.update(Case).where(Case.case_id == story.case).values(agency="harbour"))
        page = await door.status(number, pin)
        assert "Decided. The request" in page.text
        assert "Please choose one" in (await door.act(page, "withdraw")).text
        assert "Taken back." in (await door.act(page, "withdraw", sure="yes")).text
        (case,) = await door.rows("SELECT reports, withdrawn_at FROM cases WHERE case_id = :c", c=story.case)
        assert case.reports == 0
        assert case.withdrawn_at
        (count,) = await door.rows(
            "SELECT count(*) FROM notices WHERE case_id = :c AND stopped_at IS NOT NULL", c=story.case
        )
        assert count.count == stopped, category


async def test_a_pass_is_over_after_half_an_hour_and_opens_no_other_report(door: Door) -> None:
    page = await door.status(*await door.report(URL.format("door-pass")))
    door.clock.advance(1_801)
    late = await door.act(page, "add", urls=URL.format("door-late"))
    assert late.status_code == 403
    assert "open for too long" in late.text
    assert (
        await door.person.post("/report/status/withdraw", data={"pass": "x" * 43, "sure": "yes"})
    ).status_code == 403


async def test_addresses_and_pictures_are_added_and_partners_asked(door: Door) -> None:
    number, pin = await door.report(URL.format("door-add"), contact="c@gate.test", consent=["process", "contact"])
    page = await door.status(number, pin)
    assert "Added: 1" in (await door.act(page, "add", urls=URL.format("door-added"))).text
    picture = f'[{{"pdq": null, "quality": 0, "sha256": "{"0f" * 32}"}}]'
    assert "We look for 1 more." in (await door.act(page, "pictures", pictures=picture, consent="hashes")).text
    assert any(number.replace("-", "") in value for value in await door.told(HashSubmitted))
    assert "asked on" in (await door.act(page, "refer", partner="centre")).text
    (referral,) = [value for value in await door.told(ReferralMade) if '"centre"' in value]
    assert "gate.test" not in referral


async def test_a_flood_from_one_place_is_stopped_and_others_are_not(door: Door) -> None:
    door.house(most_from_place=2)
    async with door.browser("10.7.7.7") as flooding:
        answers = [await door.send(flooding, URL.format(f"flood-{n}")) for n in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    await door.report(URL.format("not-flooded"))


async def test_hostile_forms_take_no_time_and_break_nothing(door: Door) -> None:
    assert addresses_in(f"http://a.test/{')' * 59_900}").urls == ("http://a.test/",), "a second, once"
    too_long = await door.send(door.person, f"{URL.format('long')}\n" * 2_000)
    assert "at most 60000" in too_long.text, "nothing is left out in silence"
    odd = {"Content-Type": 'multipart/form-data; boundary=x; charset="punycode"'}
    assert (await door.person.post("/report", content=b"--x--", headers=odd)).status_code == 415


async def test_whoever_hears_of_a_case_and_whoever_takes_it_back_wait_in_one_order(door: Door) -> None:
    """The case first, then its reports: in another order two transactions end one another."""
    story, url = Story.of("post/door-locks"), URL.format("door-locks")
    page = await door.status(*await door.report(url))
    await door.desk.tell(story.flagged.model_copy(update={"reports": (await door.page(url),)}))
    for what, fields in (("add", {"urls": url}), ("withdraw", {"sure": "yes"})):
        async with door.desk.database.transaction() as tx:
            await known(tx, story.case)
            waiting = asyncio.create_task(door.act(page, what, **fields))
            await eventually(lambda: door.rows("SELECT FROM pg_locks WHERE NOT granted"))
            mine = "SELECT FROM reports JOIN reported_pages USING (report_id) WHERE case_id = :case FOR UPDATE NOWAIT"
            await tx.execute(sa.text(mine), {"case": story.case})
        assert (await waiting).status_code == 200, what


async def test_the_trap_asks_again_and_loses_nothing(door: Door) -> None:
    trapped = await door.send(door.person, URL.format("door-trap"), website="http://spam.test")
    assert trapped.status_code == 422
    assert URL.format("door-trap") in trapped.text


async def test_a_closed_door_says_so_and_status_stays(door: Door) -> None:
    number, pin = await door.report(URL.format("door-closed"))
    door.house(open=False)
    async with door.browser("10.1.1.1") as late:
        assert "Please call" in (await late.get("/report/new")).text
        shut = await door.send(late, URL.format("door-shut"))
        assert (shut.status_code, shut.headers["Retry-After"]) == (503, "3600")
        assert (await late.post("/report/status", data={"number": number, "pin": pin})).status_code == 200


async def test_while_the_database_is_away_it_says_when_to_come_again(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = door.filled(token="t", urls=URL.format("door-away"))

    async def away(*_: object) -> None:
        raise Transient("the database is away")

    monkeypatch.setattr(taking, "take", away)
    answer = await door.person.post("/report", data=form)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert "Nothing was saved" in answer.text


async def test_who_leaves_in_the_middle_of_a_form_is_no_fault(door: Door) -> None:
    coming = iter([{"type": "http.request", "body": b"lang=en&ur", "more_body": True}, {"type": "http.disconnect"}])
    sent: list[dict[str, object]] = []
    scope = {
        "type": "http", "method": "POST", "path": "/report", "raw_path": b"/report", "query_string": b"",
        "scheme": "http", "http_version": "1.1", "server": ("door.test", 80), "client": ("10.9.9.9", 1),
        "headers": [(b"host", b"door.test"), (b"content-type", b"application/x-www-form-urlencoded")],
    }  # fmt: skip

    async def receive() -> dict[str, object]:
        return next(coming)

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await application(door.desk.parts)(scope, receive, send)
    assert sent[0]["status"] == 400


async def test_documents_are_sealed_and_come_out_only_as_attachments_with_a_reason(door: Door) -> None:
    number, pin = await door.report(URL.format("door-agent"), source="agent")
    page = await door.status(number, pin)
    hostile = await door.hand_in(page, b"<html><script>alert(1)</script>")
    assert hostile.status_code == 422
    assert "Handed in." in (await door.hand_in(page, b"%PDF-1.7 stand-in")).text
    assert (await door.hand_in(page, b"%PDF-" + b"0" * 3_000_000)).status_code == 413
    (row,) = await door.rows("SELECT sealed FROM report_documents WHERE sealed IS NOT NULL")
    assert b"stand-in" not in bytes(row.sealed)
    answer = await door.document(number)
    assert answer.content == b"%PDF-1.7 stand-in"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "report-document-taken" in await door.history(number)


async def test_nothing_stays_behind_in_the_browser(door: Door) -> None:
    page = await door.person.get("/report?lang=th")
    assert '<html lang="th">' in page.text
    assert "set-cookie" not in page.headers
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    left = await door.person.get("/report/leave")
    assert (left.status_code, left.headers["Location"]) == (303, door.desk.parts.house.leave_to)


def test_every_language_says_the_same_things() -> None:
    fields = re.compile(r"{(\w+)}")
    for language in LANGUAGES:
        assert WORDS[language].keys() == WORDS["en"].keys(), language
        for key, text in WORDS[language].items():
            assert sorted(fields.findall(text)) == sorted(fields.findall(WORDS["en"][key])), (language, key)
    for language in set(LANGUAGES) - {"en"}:
        same = [key for key, text in WORDS[language].items() if text == WORDS["en"][key]]
        assert set(same) <= {"pin"}, (language, same)


def test_addresses_are_found_in_what_people_paste() -> None:
    found = addresses_in(
        "see https://a.test/x?utm_source=1, and (http://b.test/a_(b)).\nc.test/d\nwww.e.test。다음\nhi"
    )
    assert found.urls == ("https://a.test/x", "http://b.test/a_(b)", "http://c.test/d", "http://www.e.test/")
    assert found.unread == ("hi",)
    assert addresses_in("javascript:alert(1)\nfile:///etc/passwd").urls == ()
