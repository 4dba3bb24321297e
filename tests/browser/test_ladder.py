"""What follows a draft, in a real browser: a ladder approved, a further round, a form handed in, what is stopped."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage, Site, approve, log_in
from tests.support.gateway import Story
from tests.support.ladders import drafted, due, ladder, planned, sent, written

PHONE = {"viewport": {"width": 375, "height": 800}}


async def story_on(site: Site) -> Story:
    story = Story.of()
    objects = await site.desk.sealed_objects(story.case)
    sealed = story.sealed.model_copy(update={"objects": objects})
    await site.desk.tell(story.flagged, sealed, drafted(story, *ladder(story)))
    return story


async def topics(site: Site) -> list[str]:
    async with site.desk.database.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT topic FROM outbox ORDER BY position"))
        return [row[0] for row in rows if row[0] in ("review.decided", "notice.orders")]


async def approved(site: Site, page: Page) -> Story:
    story = await story_on(site)
    await log_in(page)
    await page.goto(f"/cases/{story.case}")
    await approve(page)
    await expect(page.get_by_role("status").filter(has_text="Approved by reviewer-")).to_be_visible()
    return story


async def width_of(page: Page) -> tuple[int, int]:
    wide: list[int] = await page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    return wide[0], wide[1]


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False, **PHONE}], ids=["desktop", "phone-no-scripts"])
async def test_a_ladder_is_read_beside_its_korean_and_approved(
    site: Site, open_page: OpenPage, options: dict[str, Any]
) -> None:
    story = await story_on(site)
    page = await open_page(**options)
    await log_in(page)
    await page.goto(f"/cases/{story.case}")
    first = page.locator(f"#n-{ladder(story)[0].notice_id}")
    await expect(first.get_by_role("group", name="Text of the notice")).to_contain_text("本人の同意なく")
    await expect(first.get_by_role("group", name="The same in Korean")).to_contain_text("당사자의 동의 없이")
    await first.get_by_text("Fields that the law requires").click()
    await first.get_by_role("link", name="location").click()
    proof = first.locator(f"#p-{ladder(story)[0].notice_id}-2")
    await expect(proof).to_have_text(story.flagged.finding.url)
    assert await proof.evaluate("span => span.matches(':target')")
    shown, window = await width_of(page)
    assert shown <= window
    await page.get_by_role("checkbox", name="Gate Registrar").uncheck()
    await approve(page)
    await expect(page.get_by_role("status").filter(has_text="Approved by reviewer-")).to_be_visible()
    assert await topics(site) == ["review.decided"]


async def test_a_required_field_shows_its_words_when_it_is_pointed_at(site: Site, open_page: OpenPage) -> None:
    story = await story_on(site)
    page = await open_page()
    await log_in(page)
    await page.goto(f"/cases/{story.case}")
    first = page.locator(f"#n-{ladder(story)[0].notice_id}")
    words = first.locator(".of-1")
    before = await words.evaluate("span => getComputedStyle(span).backgroundColor")
    await first.get_by_text("Fields that the law requires").click()
    await first.get_by_role("link", name="request").focus()
    assert await words.evaluate("span => getComputedStyle(span).backgroundColor") != before


async def test_a_further_round_is_found_in_the_queue_and_decided(site: Site, open_page: OpenPage) -> None:
    page = await open_page()
    story = await approved(site, page)
    packet = written(story, "regulator", "ko", occasion="packet", role="regulator")
    await site.desk.tell(sent(story, ladder(story)[0]), drafted(story, packet, number=1, why="regulator"))
    await page.get_by_role("link", name="Cases", exact=True).click()
    await page.get_by_role("link", name="Next notices 1").click()
    await page.get_by_role("link", name="A picture from the harbour").click()
    await expect(page.get_by_role("heading", name="packet for the regulator").first).to_be_visible()
    await approve(page)
    await expect(page.get_by_text("Approved by reviewer-").nth(1)).to_be_visible()
    await expect(page.get_by_role("button", name="Approve and send")).to_have_count(0)
    assert await topics(site) == ["review.decided", "review.decided"]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_a_form_is_handed_in(site: Site, open_page: OpenPage, scripts: bool) -> None:
    page = await open_page(java_script_enabled=scripts)
    story = await approved(site, page)
    await site.desk.tell(due(story, ladder(story)[2]))
    await page.reload()
    await page.locator(f"#n-{ladder(story)[2].notice_id} > summary").click()
    await page.get_by_role("link", name="Hand it in …").click()
    await expect(page.get_by_label("Addresses")).to_have_value(
        "\n".join([story.flagged.finding.url, "http://harbour-board.en.test/i/41.jpg"])
    )
    await page.get_by_label("Number or confirmation").fill("2026-0001177")
    await page.get_by_role("button", name="It is handed in").click()
    await page.locator(f"#n-{ladder(story)[2].notice_id}").get_by_text("2026-0001177").wait_for(state="attached")
    assert await topics(site) == ["review.decided", "notice.orders"]


async def test_what_is_not_sent_is_stopped_and_alarms_are_seen_to(site: Site, open_page: OpenPage) -> None:
    page = await open_page()
    story = await approved(site, page)
    host = ladder(story)[0]
    await site.desk.tell(sent(story, host), planned(story, host.notice_id))
    await page.reload()
    coming = page.get_by_role("region", name="What happens next")
    await expect(coming).to_contain_text("TAKE IT DOWN Act (US): 48 h from receipt. The start is presumed")
    await expect(coming).to_contain_text("A recipient asks for more")
    await coming.get_by_label("What was done about it").fill("Answered by telephone.")
    await coming.get_by_role("button", name="I have seen to it").click()
    await expect(page.get_by_role("button", name="I have seen to it")).to_have_count(0)
    await coming.get_by_text("Stop what is not sent yet …").click()
    await expect(coming.get_by_role("checkbox", name="Lighthouse Host")).to_have_count(1)  # its reminder alone
    await coming.get_by_role("checkbox", name="Gate Registrar").uncheck()
    await coming.get_by_label("Reason (it is recorded)").fill("The person asked us to.")
    await coming.get_by_role("button", name="Stop these notices").click()
    await expect(page.get_by_text("not sent after all")).to_have_count(2)
    assert await topics(site) == ["review.decided", "review.decided"]
