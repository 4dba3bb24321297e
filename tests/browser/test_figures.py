"""Figures with something in them, a full shift and a blind look: as seen, and as read by a screen reader."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path
from random import Random

import sqlalchemy as sa
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from services.gateway.accounts import Account, enter
from services.gateway.care import again, exposure, golden
from services.gateway.care.choices import Default
from services.gateway.figures.publishing import months, publish
from services.gateway.figures.rolling import catch_up
from services.gateway.figures.store import FigureCell
from services.gateway.store import Case
from shared.events import Verdict
from tests.browser.conftest import OpenPage, Site, log_in
from tests.browser.test_every_page import RULES

PHONE = {"width": 390, "height": 844}


class Always(Random):
    def random(self) -> float:
        return 0.0


async def violations(page: Page) -> list[str]:
    found = (await Axe().run(page, options=RULES)).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


async def keep_picture(page: Page, name: str) -> None:
    """Where somebody wants to look at them: HAETAE_SCREENS_TO=folder."""
    if folder := os.environ.get("HAETAE_SCREENS_TO"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def counted(site: Site) -> None:
    """Three months of neutral numbers."""
    dice, today = Random(3), site.desk.parts.clock.now().date()
    rows: list[tuple[date, str, str, str, int, int]] = []
    for back in range(100):
        day = today - timedelta(days=back)
        rows += [(day, "found", "", "", -1, dice.randint(40, 80)), (day, "sent", "", "", -1, dice.randint(30, 60))]
        rows += [(day, "removed", "", "", -1, dice.randint(20, 50))]
        for stage, middle in (("found_to_drafted", 60), ("sent_to_removed", 220), ("found_to_removed", 230)):
            rows += [(day, stage, "", "", middle + dice.randint(-40, 40), 9)]
        for name in ("harbour.test", "a-very-long-name-of-a-recipient.lantern.test", "gate.test"):
            rows += [
                (day, "asked", "recipient", name, -1, 12),
                (day, "gone", "recipient", name, dice.randint(150, 270), 8),
            ]
        for band in ("very-high", "high", "medium"):
            rows += [(day, "judged", "band", band, place, dice.randint(1, 9)) for place in (0, 1)]
        rows += [(day, "waiting", "band", "high", -1, dice.randint(0, 2)), (day, "removed", "country", "KR", -1, 5)]
    names = ("period", "measure", "dimension", "value", "bucket", "n")
    values = [{"agency": "home", **dict(zip(names, row, strict=True))} for row in rows]
    by_month: dict[tuple[object, ...], int] = {}
    for row in rows:
        key = (row[0].replace(day=1), *row[1:5])
        by_month[key] = by_month.get(key, 0) + row[5]
    async with site.desk.database.transaction() as tx:
        await tx.execute(sa.insert(FigureCell), [{"grain": "day", **one} for one in values])
        monthly = [dict(zip(names, (*key, n), strict=True)) for key, n in by_month.items()]
        await tx.execute(sa.insert(FigureCell), [{"grain": "month", "agency": "home", **one} for one in monthly])


async def test_figures_and_statistics_are_read_as_well_as_seen(site: Site, open_page: OpenPage) -> None:
    await counted(site)
    await site.desk.awaiting_review()
    await catch_up(site.desk.database)
    async with site.desk.database.transaction() as tx:
        await tx.execute(sa.update(Account).where(Account.login == "kim").values(roles=["supervisor"]))
        await publish(tx)
        assert await months(tx, 9)
    page = await open_page(viewport=PHONE, color_scheme="dark")
    await page.goto("/statistics")
    assert await violations(page) == []
    await log_in(page)
    await page.goto("/figures")
    assert await page.get_by_role("img", name="Over time").count() == 1
    await page.get_by_role("region", name="From stage to stage").get_by_text("The numbers").first.click()
    await page.get_by_role("rowheader", name="Found to removed").wait_for()
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await keep_picture(page, "figures-phone-dark")
    await page.set_viewport_size({"width": 1366, "height": 900})
    await page.emulate_media(color_scheme="light")
    await keep_picture(page, "figures-light")
    assert await violations(page) == []
    await page.goto("/statistics")
    await keep_picture(page, "statistics-light")
    assert await violations(page) == []


async def test_a_shift_and_a_blind_look(site: Site, open_page: OpenPage) -> None:
    story = await site.desk.awaiting_review()
    async with site.desk.database.transaction() as tx:
        one, two = await enter(tx, "one", ["senior-reviewer"], "test"), await enter(tx, "two", ["supervisor"], "test")
        kim = await tx.get(Account, "kim")
        assert kim is not None
        kim.roles = ["supervisor"]
        decided = {"verdict": "approved", "reviewer": "else", "scripted": False, "decided_at": tx.clock.now()}
        await tx.execute(sa.update(Case).where(Case.case_id == story.case).values(**decided))
        await exposure.note(tx, "kim", story.case, "unblurred", tx.clock.now())
        await golden.propose(tx, one, story.case, Verdict.APPROVED, "the lantern is the same one")
        proposed = await tx.get(golden.Golden, story.case)
        assert proposed is not None
        await golden.agree(tx, two, story.case, proposed.shown)
        tx.add(Default(agency="home", budget=10, stretch_units=1, run=3, golden_share=0.2, second_share=0.0))
    async with site.desk.database.transaction() as tx:
        look = await again.due(tx, kim, tx.clock.now(), Always())
    page = await open_page()
    await log_in(page)
    await page.goto("/care")
    await page.get_by_text("Ten minutes away from the screen").wait_for()
    await page.get_by_label("Threat to distribute").check()
    await page.get_by_label("My limit for a day").fill("9")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_text("It holds from now on").wait_for()
    assert await page.get_by_label("Threat to distribute").is_checked()
    assert await violations(page) == []
    await keep_picture(page, "care")
    for path in ("/care/rest", "/care/house", "/golden"):
        await page.goto(path)
        assert await violations(page) == []
        await keep_picture(page, path.strip("/").replace("/", "-"))
    await page.goto(f"/blind-looks/{look}")
    assert await violations(page) == []
    await keep_picture(page, "blind-look")
    await page.get_by_role("button", name="I would approve").click()
    await page.get_by_text("You agree").wait_for()
    assert await violations(page) == []
