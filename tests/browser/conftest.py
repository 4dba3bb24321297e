"""A served gateway and a real Chromium. A page that logs an error or breaks the policy fails its test."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright

from services.gateway.accounts import create_account
from services.gateway.live.hub import Hub
from services.gateway.web import application
from shared.web import serving
from tests.support.gateway import PASSWORD, Desk, make_desk
from tests.support.stack import Migrated

CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox refuses root
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=as_root)
        yield browser
        await browser.close()


@dataclass
class Site:
    """The gateway at `url`, fed by `desk`."""

    url: str
    desk: Desk


@pytest.fixture
async def site(migrated: Migrated, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    """Verdicts are given at once, unless the test is parametrized with an undo window."""
    desk = make_desk(migrated.dsn_for("gateway"), tmp_path)
    desk.parts = replace(desk.parts, undo=getattr(request, "param", timedelta(0)))
    await create_account(desk.database, "kim", PASSWORD, ["reviewer"])
    async with Hub(desk.database, desk.parts.clock).running() as hub:
        desk.parts = replace(desk.parts, live=hub)
        async with serving(application(desk.parts), "127.0.0.1", 0) as port:
            yield Site(f"http://127.0.0.1:{port}", desk)
            hub.end()
    await desk.database.close()


@asynccontextmanager
async def opening(chromium: Browser, url: str) -> AsyncIterator[OpenPage]:
    """Pages of the site at `url`, each in a browser of its own; at the end, that none of them complained."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    async def opened(**options: object) -> Page:
        context = await chromium.new_context(base_url=url, **{"locale": "en-GB", **options})  # type: ignore[arg-type]  # any option
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.extend(failure(request)))
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert complaints == []


@pytest.fixture
async def open_page(chromium: Browser, site: Site) -> AsyncIterator[OpenPage]:
    """`await open_page(locale="ko-KR", java_script_enabled=False)`: a page on the site, in a browser of its own."""
    async with opening(chromium, site.url) as opened:
        yield opened


def failure(request: Request) -> list[str]:
    """Nothing for what a page no longer needed because the official went on."""
    return [] if request.failure == "net::ERR_ABORTED" else [f"{request.url}: {request.failure}"]


async def log_in(page: Page, submit: str = "Log in", login: str = "Login", password: str = "Password") -> None:
    await page.goto("/")
    await page.get_by_label(login, exact=True).fill("kim")
    await page.get_by_label(password, exact=True).fill(PASSWORD)
    await page.get_by_role("button", name=submit).click()
    await page.locator("form[action='/logout']").wait_for()


async def approve(page: Page) -> None:
    """Both steps, and back to the same case."""
    await page.get_by_text("Approve …").first.click()
    await page.get_by_role("checkbox", name="Then open the next case").first.uncheck()
    await page.get_by_role("button", name="Approve and send").click()
