"""Sealed evidence on the case page, in a real browser: what is shown of it, what is ordered, what is fetched."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from services.gateway.evidence import orders
from services.gateway.evidence.lines import note
from shared.events import CustodyAction, EvidenceOrderDone
from shared.events.examples import EXAMPLES
from shared.events.values import SealedObject
from tests.browser.conftest import OpenPage, Site, log_in
from tests.support.custody import WORDS, told
from tests.support.gateway import Story, page_files


@pytest.fixture
async def story(site: Site) -> Story:
    """A case whose evidence is whole: redacted screen, wireframe, text, custody, one legal hold."""
    story = Story.of()
    objects = []
    for name, data, media_type in page_files():
        sha256 = await site.desk.vault.put(story.case, data)
        objects.append(SealedObject(name=name, sha256=sha256, bytes=len(data), media_type=media_type))
    sealed = {"objects": tuple(objects), "incomplete": ("rdap",)}
    await site.desk.tell(story.flagged, story.sealed.model_copy(update=sealed), story.drafted)
    steps = (
        (CustodyAction.COLLECTED, {}),
        (CustodyAction.SEALED, {"manifest_sha256": story.sealed.manifest_sha256, "mode": "full"}),
        (CustodyAction.STAMPED, {"authority": "harbour-time", "stamped_at": "2026-11-22T09:00:03.000Z"}),
        (CustodyAction.VIEWED, {"why": "confirm-match", "blurred": False}),
        (CustodyAction.HELD, {**WORDS, "until": None}),
    )
    for line in told(story.case, *steps, objects=objects):
        async with site.desk.database.transaction() as tx:
            await note(line, tx)
    return story


async def carried_out(site: Site, story: Story) -> None:
    """The evidence service makes the bundle that was ordered."""
    async with site.desk.database.transaction() as tx:
        order = UUID(str((await tx.execute(sa.text("SELECT order_id FROM evidence_orders"))).scalar_one()))
    await site.desk.exports.put(story.case, order, b"PK a bundle")
    about = {"case_id": story.case, "order_id": order, "done_at": site.desk.parts.clock.now()}
    async with site.desk.database.transaction() as tx:
        await orders.done(EXAMPLES[EvidenceOrderDone].model_copy(update=about), tx)  # type: ignore[arg-type]  # of all


async def painted(page: Page, name: str) -> bool:
    picture = page.get_by_role("img", name=name)
    await picture.scroll_into_view_if_needed()
    await expect(picture).to_have_js_property("complete", True)
    return bool(await picture.evaluate("image => image.naturalWidth > 0"))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_a_bundle_is_ordered_and_fetched(site: Site, open_page: OpenPage, story: Story, scripts: bool) -> None:
    page = await open_page(java_script_enabled=scripts)
    await log_in(page)
    await page.goto(f"/cases/{story.case}")
    await page.get_by_text("Make a bundle …").click()
    form = page.locator("form", has=page.get_by_role("button", name="Make the bundle"))
    await form.get_by_label("Reason").fill("reference 2026-11")
    await form.get_by_label("Legal basis").fill("request of the police")
    await form.get_by_role("button").click()
    await expect(page.get_by_text("under way", exact=True)).to_be_visible()
    await carried_out(site, story)
    if not scripts:
        await page.reload()
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Download").click()
    download = await downloading.value
    assert download.suggested_filename == f"{story.case}.haetae.zip"
    assert (await download.path()).read_bytes() == b"PK a bundle"


async def test_the_page_is_shown_redacted_and_its_text_on_demand(site: Site, open_page: OpenPage, story: Story) -> None:
    page = await open_page()
    await log_in(page)
    await page.goto(f"/cases/{story.case}")
    assert await painted(page, "with its pictures blurred")
    assert await painted(page, "the page's layout")
    await expect(page.get_by_text("5 lines were recomputed just now: intact.")).to_be_visible()
    await page.get_by_text("Read the page's text …").click()
    form = page.locator("form", has=page.get_by_role("button", name="Show the text"))
    await form.get_by_label("Reason").select_option("To check the draft against it")
    await form.get_by_role("button").click()
    await expect(page.get_by_text("The lantern parcel waits at gate seven.")).to_be_visible()


async def test_nothing_of_it_scrolls_sideways_or_lacks_a_label(site: Site, open_page: OpenPage, story: Story) -> None:
    page = await open_page(viewport={"width": 360, "height": 740})
    await log_in(page)
    for path in (f"/cases/{story.case}", "/?view=unproven"):
        await page.goto(path)
        await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert (
            await page.locator("input:not([type=hidden]), select, textarea").evaluate_all(
                "fields => fields.filter(field => !field.labels.length).map(field => field.name)"
            )
            == []
        )
        wide = await page.evaluate(
            "[...document.querySelectorAll('main *')].filter(e => !e.closest('.wide')"
            " && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
        )
        assert wide == [], f"{path} scrolls sideways"
