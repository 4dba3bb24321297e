"""Between password and session, in a real browser: setting up an authenticator, recovery codes, the next login."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from playwright.async_api import Page, expect

from services.gateway.people.factors import RECOVERY_CODES
from services.gateway.web import application
from shared.web import serving
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_every_page import DESK, PHONE, WIDER, violations
from tests.support.gateway import PASSWORD
from tests.support.people import with_people


async def enter(page: Page, url: str) -> None:
    await page.goto(f"{url}/login?next=/me")
    await page.locator("[name=login]").fill("kim")
    await page.locator("[name=password]").fill(PASSWORD)
    await page.locator("main button").click()
    await page.locator("[name=code]").wait_for()


async def looked_at(page: Page) -> None:
    """For everybody, also on a telephone."""
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in await violations(page)] == []
    await page.set_viewport_size(PHONE)
    assert await page.evaluate(WIDER) <= 0
    await page.set_viewport_size(DESK)


async def give(page: Page, secret: str, ahead: timedelta = timedelta(0)) -> None:
    await page.locator("[name=code]").fill(pyotp.TOTP(secret).at(datetime.now(UTC) + ahead))
    await page.locator("main button").click()


@pytest.mark.parametrize(("locale", "scheme"), [("ko-KR", "dark"), ("en-GB", "light")])
async def test_an_authenticator_is_set_up_and_asked_for(
    site: Site, open_page: OpenPage, locale: str, scheme: str
) -> None:
    async with serving(application(with_people(site.desk.parts, second_factor=True)), "127.0.0.1", 0) as port:
        url = f"http://127.0.0.1:{port}"
        page = await open_page(locale=locale, color_scheme=scheme, viewport=DESK)
        await enter(page, url)
        await expect(page.locator("img.qr")).not_to_have_js_property("naturalWidth", 0)
        secret = "".join((await page.locator("code.secret").inner_text()).split())
        await looked_at(page)
        await give(page, secret)
        assert await page.locator(".codes code").count() == RECOVERY_CODES
        await looked_at(page)
        await page.locator("main .button").click()
        await page.locator("form[action='/me/password']").wait_for()
        await page.locator("form[action='/logout'] button").click()
        await enter(page, url)
        await looked_at(page)
        await give(page, secret, timedelta(seconds=30))  # the code of this half minute was used up
        await page.locator("form[action='/me/password']").wait_for()
