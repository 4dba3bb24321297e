"""Every page that there is, in both languages, light and dark: WCAG 2.2 AA (axe), no sideways scrolling on a telephone,
nothing that jumps while it loads, nothing in the console. `make screens` keeps what it saw in docs/screens. And for
each role alone: every link leads somewhere, every form may be sent."""

from __future__ import annotations

import io
import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Browser, Page

from services.gateway.live.hub import Hub
from services.gateway.places import places
from services.gateway.rights.vocabulary import Role
from services.gateway.sessions import Kind, open_session, within
from services.gateway.throttle import Knock
from services.gateway.web import application
from shared.web import serving
from tests.browser.conftest import opening
from tests.integration.test_matrix import LETTERS, NEVER_ENDS, table
from tests.support.gateway import PASSWORD
from tests.support.house_in_use import House, furnished
from tests.support.house_people import ALONE, EVERYBODY, visiting
from tests.support.routes import page_paths
from tests.support.stack import Migrated
from tests.support.visitors import browser
from tests.support.walking import walk

# Parts of pages, files, streams, and what only leads on.
NO_PAGES = {
    "/asyncapi.json",
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
    "/schemas",
    "/schemas/{type}/{version}",
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
    "/federation": "federation",
    "/webhooks": "webhooks",
    "/webhooks/{webhook_id}": "webhook",
}
# Further states of pages that are there already.
STATES = {"/cases/{case_id}": "case-back", "/people/{pseudonym}": "program"}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": TAGS, "resultTypes": ["violations"]}
ON_A_PHONE = {"queue", "case", "figures", "door"}
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1366, "height": 900}
SHIFT = """() => new Promise(done => {
  let sum = 0;
  const add = list => { for (const entry of list.getEntries()) sum += entry.value; };
  new PerformanceObserver(add).observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => setTimeout(() => done(sum), 0));
})"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
async def house(migrated_once: Migrated, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with furnished(migrated_once, tmp_path_factory.mktemp("house")) as made:
        yield made


def test_no_page_is_left_out() -> None:
    assert page_paths() == {path.partition("?")[0] for path in PAGES | FOR_ANYBODY} | NO_PAGES


@pytest.mark.parametrize(("locale", "scheme"), [("ko-KR", "light"), ("en-GB", "dark")])
async def test_every_page_is_for_everybody(house: House, chromium: Browser, locale: str, scheme: str) -> None:
    pages = [*FOR_ANYBODY.items(), ("", ""), *PAGES.items(), *STATES.items()]
    found: dict[str, Any] = {}
    async with (
        Hub(house.desk.database, house.desk.parts.clock).running() as hub,
        serving(application(replace(house.desk.parts, live=hub)), "127.0.0.1", 0) as port,
        opening(chromium, f"http://127.0.0.1:{port}") as open_page,
    ):
        page = await open_page(locale=locale, color_scheme=scheme, viewport=DESK)
        for path, name in pages:
            if not path:
                await enter(page)
                continue
            if path == "/me/second-factor":
                await page.goto("/me")
                await page.locator(f"form[action='{path}'] button").click()
            if wrong := await looked_at(page, path.format(**house.values | house.of.get(name, {})), name, scheme):
                found[name] = wrong
        hub.end()
    assert found == {}, json.dumps(found, indent=1)


async def looked_at(page: Page, address: str, name: str, scheme: str) -> dict[str, Any]:
    """What is wrong with it, as it is and on a telephone."""
    answer = await page.goto(address)
    assert answer
    assert answer.ok, (address, answer.status)
    wrong = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in await violations(page)]
    language = await page.locator("html").get_attribute("lang") or ""
    if language == "ko":
        wrong += [("no word", text) for text in await page.locator(".pair b").all_text_contents() if text.isascii()]
    shift = await page.evaluate(SHIFT)
    await keep(page, f"{name}-{language}-{scheme}")
    await page.set_viewport_size(PHONE)
    wider = await page.evaluate(WIDER)
    if name in ON_A_PHONE:
        await keep(page, f"{name}-{language}-{scheme}-phone")
    await page.set_viewport_size(DESK)
    if not wrong and shift <= 0.01 and wider <= 0:
        return {}
    return {"axe": wrong, "layout shift": shift, "wider than a telephone": wider}


@pytest.mark.parametrize("role", ALONE)
async def test_no_role_comes_to_a_dead_end(house: House, role: str) -> None:
    """By every link of every page that it reaches from its first one, and what their forms would do."""
    account, letter = house.people[ALONE[role]], LETTERS[Role(role)]
    async with within(house.desk.database, account).transaction() as tx:
        token = (await open_session(tx, account, Kind.BROWSER, Knock("127.0.0.1"))).token
    async with browser(application(house.desk.parts), token) as client:
        walked = await walk(client, letter, table(), NEVER_ENDS)
    assert walked.wrong == [], "\n".join(walked.wrong)
    assert {place.path for group in places(visiting(account)) for place in group.places} <= set(walked.seen)


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
        picture = Image.open(io.BytesIO(await page.screenshot(full_page=True, timeout=60_000)))
        path = Path(folder, f"{name}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.crop((0, 0, picture.width, min(picture.height, 2400))).quantize(128).save(path, optimize=True)
