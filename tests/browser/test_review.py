"""An official's day in a real browser: by role and text, with and without scripts, in both languages."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.async_api import Locator, Page, expect

from services.gateway.alerts import take_up
from services.gateway.audit import Line
from services.gateway.casefile import open_file
from shared.events import ConversationAlerted
from shared.events.examples import EXAMPLES
from tests.browser.conftest import OpenPage, Site, log_in
from tests.support.gateway import Story


async def verdicts(site: Site) -> int:
    async with site.desk.database.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT count(*) FROM outbox WHERE topic = 'review.decided'"))
        return int(rows.scalar_one())


async def last_line(site: Site, story: Story) -> Line:
    return (await open_file(site.desk.database, story.case)).history[-1]


async def opened(page: Page) -> Locator:
    """The figure of the picture that was opened with a reason."""
    await expect(page.get_by_role("img", name="blurred and grey: Picture 1")).to_be_visible()
    figure = page.get_by_role("figure").filter(has_text="Picture 1")
    await figure.get_by_text("Unblur …").click()
    await figure.get_by_label("Reason").select_option("To confirm the match")
    await figure.get_by_role("button", name="Open for 60 seconds").click()
    return figure


async def covered(page: Page) -> None:
    await expect(page.get_by_role("img", name="unblurred: Picture 1")).to_have_count(0)
    await expect(page.get_by_role("img", name="blurred and grey: Picture 1")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_from_login_to_approval(site: Site, open_page: OpenPage, scripts: bool) -> None:
    """By mouse."""
    story = await site.desk.awaiting_review(recipients=("abuse@a.test", "abuse@b.test"))
    page = await open_page(java_script_enabled=scripts)
    await log_in(page)
    await expect(page.get_by_text("One case awaits review.")).to_be_visible()
    await page.get_by_role("link", name="A picture from the harbour").click()
    await expect(page.get_by_role("heading", name="A picture from the harbour")).to_be_visible()
    await expect(page.get_by_text("Picture 1 agrees with bank 'stand-ins', entry 'k03'.")).to_be_visible()
    await page.get_by_role("checkbox", name="abuse@b.test").uncheck()
    await expect(page.get_by_role("button", name="Approve and send")).to_have_count(0)
    await page.get_by_text("Approve …").click()
    await page.get_by_label("Note (optional)").fill("The first one is enough.")
    await page.get_by_role("checkbox", name="Then open the next case").first.uncheck()
    await page.get_by_role("button", name="Approve and send").click()
    await expect(page.get_by_role("status").filter(has_text="Approved by reviewer-")).to_be_visible()
    await expect(page.get_by_role("button", name="Approve and send")).to_have_count(0)
    assert await verdicts(site) == 1
    line = await last_line(site, story)
    assert (line.action, line.details["notices"]) == ("notices-approved", [story.notices[0].sha256])


async def test_a_picture_is_clear_only_while_it_is_held(site: Site, open_page: OpenPage) -> None:
    story = await site.desk.awaiting_review()
    page = await open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "ticket=" in request.url else None)
    await log_in(page)
    await page.goto(f"/cases/{story.case}")
    figure = await opened(page)
    hold = figure.get_by_role("button", name="Hold to look")
    await expect(hold).to_be_focused()
    assert asked == [], "nothing clear is fetched before it is wanted"
    clear = page.get_by_role("img", name="unblurred: Picture 1")
    for press, release in (
        (lambda: page.keyboard.down("Space"), lambda: page.keyboard.up("Space")),
        (lambda: page.keyboard.down("Enter"), lambda: hold.blur()),
        (lambda: held_by_mouse(page, hold), lambda: page.mouse.up()),
        (lambda: held_by_mouse(page, hold), lambda: page.mouse.move(1, 1)),
        (lambda: held_by_mouse(page, hold), lambda: hold.evaluate("() => window.dispatchEvent(new Event('blur'))")),
        (lambda: hold.dispatch_event("pointerdown", TOUCH), lambda: hold.dispatch_event("pointercancel", TOUCH)),
    ):
        await press()
        await expect(clear).to_be_visible()
        await release()
        await covered(page)
        await page.keyboard.up("Enter")
        await page.mouse.up()
        await hold.focus()
    assert {url[-7:] for url in asked} == {"level=1"}, "no step was reached that was not held for"
    await page.keyboard.down("Space")
    await expect(figure.get_by_role("status")).to_have_text("in colour")
    assert await clear.evaluate("canvas => [canvas.tagName, canvas.width]") == ["CANVAS", 480]
    await page.keyboard.up("Space")
    await covered(page)
    levels = [line.details.get("level") for line in (await open_file(site.desk.database, story.case)).history]
    assert levels[-3:] == ["less", "grey", "colour"]
    await figure.get_by_role("link", name="Close").click()
    await expect(page.get_by_text("Unblur …").first).to_be_visible()


TOUCH = {"pointerType": "touch", "pointerId": 7, "button": 0, "isPrimary": True, "bubbles": True}


async def held_by_mouse(page: Page, button: Locator) -> None:
    await button.hover()
    await page.mouse.down()


async def test_a_picture_becomes_clear_step_by_step_without_scripts(site: Site, open_page: OpenPage) -> None:
    story = await site.desk.awaiting_review()
    page = await open_page(java_script_enabled=False)
    await log_in(page)
    await page.goto(f"/cases/{story.case}")
    figure = await opened(page)
    for step in ("less blurred, grey", "grey", "in colour"):
        await expect(figure).to_contain_text(f"Picture 1, {step}.")
        if step != "in colour":
            await figure.get_by_role("link", name="One step clearer").click()
    picture = page.get_by_role("img", name="unblurred: Picture 1")
    await expect(picture).to_have_js_property("naturalWidth", 480)
    line = await last_line(site, story)
    assert (line.action, line.details["reason"], line.details["level"]) == (
        "picture-unblurred", "confirm-match", "colour",
    )  # fmt: skip
    await page.get_by_role("link", name="Blur again now").click()
    await covered(page)


async def test_rejecting_with_a_reason(site: Site, open_page: OpenPage) -> None:
    story = await site.desk.awaiting_review()
    page = await open_page()
    await log_in(page)
    await page.goto(f"/cases/{story.case}")
    await page.get_by_text("Reject instead …").click()
    await page.get_by_role("checkbox", name="Then open the next case").last.uncheck()
    await page.get_by_role("combobox", name="Reason").last.select_option("The match is wrong")
    await page.get_by_role("button", name="Reject").click()
    await expect(page.get_by_role("status").filter(has_text="The match is wrong")).to_be_visible()
    assert (await last_line(site, story)).action == "case-rejected"


async def test_the_line_above_the_queue_is_live(site: Site, open_page: OpenPage) -> None:
    page = await open_page()
    await log_in(page)
    await expect(page.get_by_text("Nothing awaits review.")).to_be_visible()
    await site.desk.awaiting_review()
    # Told by the stream: nothing moves in the list, and what is new can be shown.
    await expect(page.get_by_role("link", name="1 new")).to_be_visible(timeout=20_000)
    await expect(page.get_by_role("status")).to_have_text("One case awaits review.", timeout=20_000)
    await expect(page.get_by_text("Nothing awaits review. New")).to_be_visible()
    await page.get_by_role("link", name="1 new").click()
    await expect(page.get_by_role("link", name="A picture from the harbour")).to_be_visible()


async def test_in_korean(site: Site, open_page: OpenPage) -> None:
    await site.desk.awaiting_review()
    page = await open_page(locale="ko-KR")
    await log_in(page, "로그인", "아이디", "비밀번호")
    await page.get_by_role("link", name="A picture from the harbour").click()
    await expect(page.locator("html")).to_have_attribute("lang", "ko")
    await page.get_by_text("승인 …").click()
    await page.get_by_role("checkbox", name="결정한 뒤 다음 사건 열기").first.uncheck()
    await page.get_by_role("button", name="승인하고 발송").click()
    await expect(page.get_by_role("status").filter(has_text=" 승인: reviewer-")).to_be_visible()
    await page.get_by_role("link", name="English").click()
    await expect(page.get_by_role("status").filter(has_text="Approved by")).to_be_visible()


async def test_the_history_has_its_place(site: Site, open_page: OpenPage) -> None:
    await site.desk.awaiting_review()
    page = await open_page()
    await log_in(page)
    await page.get_by_role("link", name="History", exact=True).click()
    await expect(page.get_by_role("heading", name="Audit history")).to_be_visible()


async def test_by_keyboard_alone(site: Site, open_page: OpenPage) -> None:
    story = await site.desk.awaiting_review()
    page = await open_page()
    await page.goto(f"/cases/{story.case}")
    await expect(page.get_by_label("Login", exact=True)).to_be_focused()
    await page.keyboard.type("kim")
    await page.keyboard.press("Tab")
    await page.keyboard.type("lantern parcel at gate seven")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="A picture from the harbour")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.textContent === 'Approve …'"):
            break
    await page.keyboard.press("Enter")
    approve = page.get_by_role("button", name="Approve and send")
    await expect(approve).to_be_visible()
    for _ in range(10):
        await page.keyboard.press("Tab")
        if await approve.evaluate("button => button === document.activeElement"):
            break
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Nothing awaits review.").first).to_be_visible()
    assert await verdicts(site) == 1


@pytest.mark.parametrize("site", [timedelta(minutes=10)], indirect=True, ids=["undo"])
async def test_by_letters_and_undone(site: Site, open_page: OpenPage) -> None:
    """The keys of the case page, the undo window and its way back, and the next case after a verdict."""
    first, _ = [await site.desk.awaiting_review(f"post/{n}", title=f"Harbour {n}") for n in (1, 2)]
    page = await open_page()
    await log_in(page)
    await page.goto(f"/cases/{first.case}")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys of the case page")).to_be_visible()
    await page.keyboard.press("a")
    await expect(page.get_by_role("button", name="Approve and send")).to_have_count(0)
    await page.keyboard.press("Escape")
    await page.keyboard.press("r")
    await expect(page.get_by_role("combobox", name="Reason").last).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.type("a")
    await expect(page.get_by_role("button", name="Approve and send")).to_have_count(0)
    await page.get_by_role("heading", name="Harbour 1").click()
    await page.keyboard.press("a")
    await expect(page.get_by_role("button", name="Approve and send")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Harbour 2")).to_be_visible()
    undo = page.get_by_role("button", name="Undo")
    await expect(page.get_by_role("status").filter(has_text="Approved: Harbour 1")).to_be_visible()
    await page.keyboard.press("u")
    await expect(undo).to_be_focused()
    left = page.locator(".left")
    before = await left.inner_text()
    await expect(left).not_to_have_text(before)
    await expect(undo).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Harbour 1")).to_be_visible()
    await expect(page.get_by_text("Approve …")).to_be_visible()
    assert await verdicts(site) == 0


async def test_what_a_site_wrote_cannot_act(site: Site, open_page: OpenPage) -> None:
    title = "<img src=x onerror=alert(1)><script>alert(2)</script><a href=//evil.test>"
    story = await site.desk.awaiting_review(title=title)
    page = await open_page()
    await log_in(page)
    await page.goto(f"/cases/{story.case}")
    await expect(page.get_by_role("heading", name="onerror=alert(1)")).to_be_visible()
    leading_away = await page.locator("a[href]").evaluate_all(
        "links => links.filter(link => link.origin !== location.origin).length"
    )
    assert leading_away == 0


async def test_no_field_without_a_label(site: Site, open_page: OpenPage) -> None:
    story = await site.desk.awaiting_review()
    async with site.desk.database.transaction() as tx:
        await take_up(EXAMPLES[ConversationAlerted], tx)  # type: ignore[arg-type]  # the examples are of all events
    page = await open_page(viewport={"width": 390, "height": 844})
    await log_in(page)
    for path in ("/", f"/cases/{story.case}", "/audit", "/alerts", "/playbook", "/hashes/new"):
        await page.goto(path)
        unnamed = await page.locator("input:not([type=hidden]), select, textarea").evaluate_all(
            "fields => fields.filter(field => !field.labels.length).map(field => field.name)"
        )
        assert unnamed == []
        wide = await page.evaluate(
            "[...document.querySelectorAll('main *')].filter(e => !e.closest('.wide')"
            " && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
        )
        assert wide == [], f"{path} scrolls sideways"
        small = await page.evaluate(
            "[...document.querySelectorAll('main button, main summary, main input:not([type=hidden]), main select')]"
            ".filter(e => e.checkVisibility()).map(e => (e.type === 'checkbox' && e.closest('label') || e))"
            ".filter(e => e.getBoundingClientRect().height < 24).map(e => e.outerHTML.slice(0, 80))"
        )
        assert small == [], f"{path} has targets under 24 pixels (WCAG 2.2, 2.5.8)"
