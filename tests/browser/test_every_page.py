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

from tests.browser.conftest import OpenPage, Site
from tests.support.gateway import PASSWORD
from tests.support.house_in_use import EVERYBODY, furnished
from tests.support.routes import page_paths

# Parts of pages, files, streams, and what only leads on.
NO_PAGES = {
    "/cases/{case_id}/figures/{name}",
    "/cases/{case_id}/notices/{notice_id}.pdf",
    "/cases/{case_id}/orders",
    "/cases/{case_id}/pictures/{name}",
    "/cases/{case_id}/report.pdf",
    "/display/{what}/{value}",
    "/figures/{name}.csv",
    "/language/{language}",
    "/live",
    "/login/enrol/qr.svg",
    "/login/oidc",
    "/login/oidc/back",
    "/login/oidc/out",
    "/me/second-factor/qr.svg",
    "/report/leave",
    "/verdicts",
    "/waiting",
    # Between password and session: `test_people_in_a_browser` goes there.
    "/login/code",
    "/login/enrol",
}
FOR_ANYBODY = {
    "/invitation/{token}": "invitation",
    "/login": "login",
    "/report": "door",
    "/report/new": "door-form",
    "/report/status": "door-status",
    "/statistics": "statistics",
}
PAGES = {
    "/": "queue",
    "/?view=all": "cases",
    "/alerts": "alerts",
    "/audit": "history",
    "/autosend": "policies",
    "/blind-looks/{look}": "blind-look",
    "/care": "care",
    "/care/house": "care-house",
    "/care/limits": "care-limits",
    "/care/rest": "care-rest",
    "/cases/{case_id}": "case",
    "/cases/{case_id}/cluster": "cluster",
    "/cases/{case_id}/notices/{notice_id}/edit": "notice-edit",
    "/cases/{case_id}/notices/{notice_id}/hand-over": "hand-over",
    "/cases/{case_id}/transfer": "transfer",
    "/clusters": "clusters",
    "/confirmations": "confirmations",
    "/figures": "figures",
    "/golden": "golden",
    "/hashes/new": "pictures",
    "/me": "account",
    "/me/again": "account-again",
    "/me/second-factor": "account-factor",
    "/people": "people",
    "/people/{pseudonym}": "person",
    "/playbook": "playbook",
    "/providers": "providers",
    "/reports": "reports",
    "/reports/{number}": "report",
    "/shortcuts": "shortcuts",
    "/transfers": "transfers",
    "/verdicts/{batch}": "verdict-waiting",
}
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
    assert page_paths() == {path.partition("?")[0] for path in PAGES | FOR_ANYBODY} | NO_PAGES


@pytest.mark.parametrize(("locale", "scheme"), [("ko-KR", "light"), ("en-GB", "dark")])
async def test_every_page_is_for_everybody(site: Site, open_page: OpenPage, locale: str, scheme: str) -> None:
    values = await furnished(site.desk)
    page = await open_page(locale=locale, color_scheme=scheme, viewport=DESK)
    found: dict[str, Any] = {}
    for path, name in (FOR_ANYBODY | {"": ""} | PAGES).items():
        if not path:
            await enter(page)
            continue
        answer = await page.goto(path.format(**values))
        assert answer
        assert answer.ok, (path, answer.status)
        wrong = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in await violations(page)]
        if locale.startswith("ko"):
            wrong += [("no word", text) for text in await page.locator(".pair b").all_text_contents() if text.isascii()]
        shift = await page.evaluate(SHIFT)
        await keep(page, f"{name}-{locale[:2]}-{scheme}")
        await page.set_viewport_size(PHONE)
        wider = await page.evaluate(WIDER)
        await page.set_viewport_size(DESK)
        if wrong or shift > 0.01 or wider > 0:
            found[path] = {"axe": wrong, "layout shift": shift, "wider than a telephone": wider}
    assert found == {}, json.dumps(found, indent=1)


async def enter(page: Page) -> None:
    """By the names of the fields: their labels are in another language each time."""
    await page.goto("/login")
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
