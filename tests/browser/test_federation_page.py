"""Statements of a peer on the page: pasted, looked at, proposed by one person and confirmed by another."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from services.gateway.federation.statements import Statement, sign
from services.gateway.sessions import Kind
from shared.events import StatedOutcome
from tests.browser.conftest import opening
from tests.support.federated import TAKEN, House, house, new_key
from tests.support.outcomes import heard
from tests.support.stack import Migrated
from tests.support.visitors import seat

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
async def harbour(migrated: Migrated, tmp_path: Path) -> AsyncIterator[House]:
    async with house("harbour", migrated, tmp_path / "harbour") as made:
        yield made


async def seated(page: Page, token: str, port: int) -> Page:
    await page.context.add_cookies([{"name": "haetae_session", "value": token, "url": f"http://127.0.0.1:{port}"}])
    return page


async def for_everybody(page: Page, name: str) -> None:
    found = (await Axe().run(page, options={"runOnly": TAGS, "resultTypes": ["violations"]})).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
    if folder := os.environ.get("HAETAE_SCREENS_TO"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await page.evaluate(WIDER) <= 0
    await page.set_viewport_size({"width": 1366, "height": 900})


@pytest.mark.parametrize("locale", ["en-GB", "ko-KR"])
async def test_a_statement_is_pasted_proposed_and_confirmed(harbour: House, chromium: Browser, locale: str) -> None:
    key = new_key()
    lantern = House("lantern", harbour.desk, key, harbour.one, harbour.two, harbour.reader)
    await harbour.pin(lantern)
    now = harbour.desk.parts.clock.now()
    said = {
        "id": uuid4(),
        "issuer": "lantern",
        "kind": "known",
        "issued_at": now,
        "body": TAKEN.model_dump(mode="json"),
    }
    await harbour.state("case:1")
    tokens = [await seat(harbour.desk, f"s-{uuid4()}", "supervisor", kind=Kind.BROWSER) for _ in range(2)]
    async with opening(chromium, f"http://127.0.0.1:{harbour.port}") as open_page:
        one, two = [await seated(await open_page(locale=locale), token, harbour.port) for token in tokens]
        await one.goto("/federation")
        await one.locator("[name=statements]").fill(sign(Statement.model_validate(said), key))
        await one.locator("form[action$='/lantern/statements'] button").click()
        await one.locator("form[action$='/known/accept'] [name=why]").fill("Looked at.")
        await for_everybody(one, f"federation-{locale}")
        await one.locator("form[action$='/known/accept'] button").click()
        await two.goto("/confirmations")
        await for_everybody(two, f"federation-confirmation-{locale}")
        await two.locator("form[action$='/confirm'] button").first.click()
        await two.goto("/federation")
        assert await two.locator("[aria-labelledby=standing] dd").all_text_contents() == ["1"]


@pytest.mark.parametrize(("locale", "title"), [("en-GB", "As other agencies say"), ("ko-KR", "다른 기관의 진술")])
async def test_what_others_say_of_providers_is_readable(
    harbour: House, chromium: Browser, locale: str, title: str
) -> None:
    month = harbour.desk.parts.clock.now().date().replace(day=1)
    for provider, seconds in (("boat.test", 7200.0), ("lighthouse-of-a-long-name.test", None)):
        said = StatedOutcome(domain=provider, month=month, notices=40, answered=30, removed=20, answer_s=seconds)
        await heard(harbour, "lantern", said)
    token = await seat(harbour.desk, f"s-{uuid4()}", "supervisor", kind=Kind.BROWSER)
    async with opening(chromium, f"http://127.0.0.1:{harbour.port}") as open_page:
        page = await seated(await open_page(locale=locale), token, harbour.port)
        await page.goto("/providers")
        assert await page.locator("#elsewhere").text_content() == title
        assert await page.locator("[aria-labelledby=elsewhere] tbody tr").count() == 2
        await for_everybody(page, f"providers-{locale}")
