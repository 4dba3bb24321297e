"""An official's day in a real browser: by role and text, with and without scripts, in both languages."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from services.gateway.alerts import take_up
from services.gateway.audit import Line
from services.gateway.casefile import open_file
from shared.events import AlertRaised
from shared.events.examples import EXAMPLES
from tests.browser.conftest import OpenPage, Site, log_in
from tests.support.gateway import Story


async def verdicts(site: Site) -> int:
    async with site.desk.database.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT count(*) FROM outbox WHERE topic = 'review.decided'"))
        return int(rows.scalar_one())


async def last_line(site: Site, story: Story) -> Line:
    return (await open_file(site.desk.database, story.case)).history[-1]


async def sharp(page: Page) -> bool:
    """The unblurred picture is there and was painted: its natural size is the original's."""
    picture = page.get_by_role("img", name="unblurred: Picture 1")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_js_property("complete", True)
    return bool(await picture.evaluate("image => image.naturalWidth === 480"))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_from_login_to_approval(site: Site, open_page: OpenPage, scripts: bool) -> None:
    story = await site.desk.awaiting_review(recipients=("abuse@a.test", "abuse@b.test"))
    page = await open_page(java_script_enabled=scripts)
    await log_in(page)
    await expect(page.get_by_role("status")).to_have_text("One case awaits review.")
    await page.get_by_role("link", name="A picture from the harbour").click()
    await expect(page.get_by_role("heading", name="A picture from the harbour")).to_be_visible()
    await expect(page.get_by_text("Picture 1 agrees with bank 'stand-ins', entry 'k03'.")).to_be_visible()
    await page.get_by_role("checkbox", name="abuse@b.test").uncheck()
    await page.get_by_label("Note (optional)").fill("The first one is enough.")
    await page.get_by_role("button", name="Approve and send").click()
    await expect(page.get_by_role("status").filter(has_text="Approved by reviewer-")).to_be_visible()
    await expect(page.get_by_role("button", name="Approve and send")).to_have_count(0)
    assert await verdicts(site) == 1
    line = await last_line(site, story)
    assert (line.action, line.details["notices"]) == ("notices-approved", [story.notices[0].sha256])


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_unblurring_asks_why_and_is_kept(site: Site, open_page: OpenPage, scripts: bool) -> None:
    story = await site.desk.awaiting_review()
    page = await open_page(java_script_enabled=scripts)
    await log_in(page)
    await page.goto(f"/cases/{story.case}")
    await expect(page.get_by_role("img", name="blurred and grey: Picture 1")).to_be_visible()
    figure = page.get_by_role("figure").filter(has_text="Picture 1")
    await figure.get_by_text("Unblur …").click()
    await figure.get_by_label("Reason").select_option("To confirm the match")
    await figure.get_by_role("button", name="Show unblurred").click()
    assert await sharp(page)
    line = await last_line(site, story)
    assert (line.action, line.details["reason"]) == ("picture-unblurred", "confirm-match")
    await page.get_by_role("link", name="Blur again now").click()
    await expect(page.get_by_role("img", name="blurred and grey: Picture 1")).to_be_visible()
    await expect(page.get_by_role("img", name="unblurred: Picture 1")).to_have_count(0)


async def test_rejecting_with_a_reason(site: Site, open_page: OpenPage) -> None:
    story = await site.desk.awaiting_review()
    page = await open_page()
    await log_in(page)
    await page.goto(f"/cases/{story.case}")
    await page.get_by_text("Reject instead …").click()
    await page.get_by_role("combobox", name="Reason").last.select_option("The match is wrong")
    await page.get_by_role("button", name="Reject").click()
    await expect(page.get_by_role("status").filter(has_text="The match is wrong")).to_be_visible()
    assert (await last_line(site, story)).action == "case-rejected"


async def test_the_line_above_the_queue_is_live(site: Site, open_page: OpenPage) -> None:
    page = await open_page()
    await log_in(page)
    await expect(page.get_by_text("Nothing awaits review.")).to_be_visible()
    await site.desk.awaiting_review()
    await expect(page.get_by_role("status")).to_have_text("One case awaits review.", timeout=20_000)


async def test_in_korean(site: Site, open_page: OpenPage) -> None:
    await site.desk.awaiting_review()
    page = await open_page(locale="ko-KR")
    await log_in(page, "로그인", "아이디", "비밀번호")
    await page.get_by_role("link", name="A picture from the harbour").click()
    await expect(page.locator("html")).to_have_attribute("lang", "ko")
    await page.get_by_role("button", name="승인하고 발송").click()
    await expect(page.get_by_role("status").filter(has_text=" 승인: reviewer-")).to_be_visible()
    await page.get_by_role("link", name="English").click()
    await expect(page.get_by_role("status").filter(has_text="Approved by")).to_be_visible()


async def test_the_history_is_verified_on_its_page(site: Site, open_page: OpenPage) -> None:
    await site.desk.awaiting_review()
    page = await open_page()
    await log_in(page)
    await page.get_by_role("link", name="Audit history").click()
    await page.get_by_role("button", name="Verify every chain").click()
    await expect(page.get_by_role("status")).to_contain_text("all intact")


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
    approve = page.get_by_role("button", name="Approve and send")
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await approve.evaluate("button => button === document.activeElement"):
            break
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="Approved by reviewer-")).to_be_visible()


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
        await take_up(EXAMPLES[AlertRaised], tx)  # type: ignore[arg-type]  # the examples are of all events
    page = await open_page(viewport={"width": 360, "height": 740})
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
