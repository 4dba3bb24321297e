"""A newcomer with a screen reader: from the log-in to an approved notice by Chromium's accessibility tree alone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from services.gateway.texts import MESSAGES
from tests.browser.conftest import OpenPage, Site
from tests.support.gateway import PASSWORD
from tests.support.reading_tree import Reader


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_from_log_in_to_an_approved_notice(site: Site, open_page: OpenPage, language: str) -> None:
    words = MESSAGES[language]
    await site.desk.awaiting_review(recipients=("abuse@a.test", "abuse@b.test"))
    page = await open_page(locale=language)
    await page.goto("/")
    reader = await Reader.of(page)
    login = await reader.find("textbox", words["login.login"], focused=True, required=True)
    await reader.type(login, "kim")
    await reader.type(await reader.find("textbox", words["login.password"]), PASSWORD)
    await reader.press(await reader.find("button", words["login.submit"]))

    await reader.find("heading", words["queue.title"], level=1)
    await reader.hear(words["queue.waiting_one"])
    await reader.find("navigation", words["app.places"])
    await reader.find("columnheader", words["queue.waited"])
    assert await reader.nameless() == []
    await reader.press(await reader.find("link", "A picture from the harbour"))

    await reader.find("heading", "A picture from the harbour", level=1)
    await reader.find("region", words["verdict.title"])
    await reader.hear(words["claim.free"])
    assert await reader.nameless() == []
    second = await reader.find("checkbox", "abuse@b.test", checked=True)
    await reader.press(second, "Space")
    await reader.find("checkbox", "abuse@b.test", checked=False)
    step = await reader.find("DisclosureTriangle", words["verdict.approve_open"], expanded=False)
    await reader.press(step)
    await reader.find("DisclosureTriangle", words["verdict.approve_open"], expanded=True)
    await reader.press(await reader.find("checkbox", words["verdict.then_next"], checked=True), "Space")
    await reader.press(await reader.find("button", words["verdict.approve"]))

    await reader.hear({"ko": " 승인: reviewer-", "en": "Approved by reviewer-"}[language])
    assert await reader.nameless() == []
    async with site.desk.database.transaction() as tx:
        given = await tx.execute(sa.text("SELECT count(*) FROM outbox WHERE topic = 'review.decided'"))
        assert given.scalar_one() == 1
