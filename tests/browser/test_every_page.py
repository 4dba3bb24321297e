"""Every page that there is, in both languages, light and dark: WCAG 2.2 AA (axe), no sideways scrolling on a telephone,
nothing that jumps while it loads, nothing in the console. `make screens` keeps what it saw in docs/screens."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Page

from services.gateway.accounts import create_account
from services.gateway.alerts import take_up
from services.gateway.rights.vocabulary import Role
from shared.events import AlertRaised
from shared.events.examples import EXAMPLES
from tests.browser.conftest import OpenPage, Site
from tests.support.gateway import PASSWORD, Story
from tests.support.routes import page_paths

# Parts of pages, files, and what only leads on.
NO_PAGES = {
    "/cases/{case_id}/figures/{name}",
    "/cases/{case_id}/notices/{notice_id}.pdf",
    "/cases/{case_id}/pictures/{name}",
    "/cases/{case_id}/report.pdf",
    "/display/{what}/{value}",
    "/language/{language}",
    "/waiting",
}
PAGES = {
    "/": "queue",
    "/?view=all": "cases",
    "/alerts": "alerts",
    "/audit": "history",
    "/autosend": "policies",
    "/cases/{case_id}": "case",
    "/cases/{case_id}/notices/{notice_id}/hand-over": "hand-over",
    "/cases/{case_id}/orders": "orders",
    "/hashes/new": "pictures",
    "/login": "login",
    "/playbook": "playbook",
    "/providers": "providers",
}
EVERYBODY = "everybody"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": TAGS, "resultTypes": ["violations"]}
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1366, "height": 900}
SHIFT = """() => new Promise(done => {
  let sum = 0;
  const add = list => { for (const entry of list.getEntries()) sum += entry.value; };
  new PerformanceObserver(add).observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => setTimeout(() => done(sum), 0));
})"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_no_page_is_left_out() -> None:
    assert page_paths() == {path.partition("?")[0] for path in PAGES} | NO_PAGES


@pytest.fixture
async def full(site: Site) -> dict[str, str]:
    """A house in use; the values that paths need."""
    story = await site.desk.awaiting_review(recipients=("abuse@a.test", "abuse@b.test"))
    await site.desk.awaiting_review("post/42", title="부두의 사진 두 장", score=0.71, minutes=7)
    async with site.desk.database.transaction() as tx:
        await take_up(EXAMPLES[AlertRaised], tx)  # type: ignore[arg-type]  # an event of this kind
    return values(story)


def values(story: Story) -> dict[str, str]:
    return {"case_id": str(story.case), "notice_id": str(story.notices[0].notice_id)}


@pytest.mark.parametrize(("locale", "scheme"), [("ko-KR", "light"), ("en-GB", "dark")])
async def test_every_page_is_for_everybody(
    site: Site, open_page: OpenPage, full: dict[str, str], locale: str, scheme: str
) -> None:
    await create_account(site.desk.database, EVERYBODY, PASSWORD, [role for role in Role if role is not Role.SERVICE])
    page = await open_page(locale=locale, color_scheme=scheme, viewport=DESK)
    found: dict[str, Any] = {}
    for path, name in sorted(PAGES.items(), key=lambda item: item[0] != "/login"):
        await page.goto(path.format(**full))
        wrong = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in await violations(page)]
        shift = await page.evaluate(SHIFT)
        await keep(page, f"{name}-{locale[:2]}-{scheme}")
        await page.set_viewport_size(PHONE)
        wider = await page.evaluate(WIDER)
        await page.set_viewport_size(DESK)
        if wrong or shift > 0.01 or wider > 0:
            found[path] = {"axe": wrong, "layout shift": shift, "wider than a telephone": wider}
        if path == "/login":
            await enter(page)
    assert found == {}, json.dumps(found, indent=1)


async def enter(page: Page) -> None:
    """By the names of the fields: their labels are in another language each time."""
    await page.locator("[name=login]").fill(EVERYBODY)
    await page.locator("[name=password]").fill(PASSWORD)
    await page.locator("main button").click()
    await page.locator("form[action='/logout']").wait_for()


async def violations(page: Page) -> list[Any]:
    return (await Axe().run(page, options=RULES)).response["violations"]


async def keep(page: Page, name: str) -> None:
    if folder := os.environ.get("HAETAE_SCREENS"):
        picture = Image.open(io.BytesIO(await page.screenshot(full_page=True)))
        path = Path(folder, f"{name}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.crop((0, 0, picture.width, min(picture.height, 2400))).quantize(128).save(path, optimize=True)
