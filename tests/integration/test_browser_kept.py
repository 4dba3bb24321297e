"""The browser that is kept ready: what goes wrong costs one page, and nothing of it stays."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from shared.browser import Chromium, Gate, PageBroke, chromium, processes
from tests.support.chromium import chromium_processes
from tests.support.poll import eventually

PAGE = "http://lantern-board.test/"


class Words:
    """An answer, and the supply of it."""

    status, body = 200, b"<p>The lantern parcel</p>"
    headers = {"content-type": "text/html"}  # noqa: RUF012  never changed

    async def answer(self, url, headers, kind):
        return self

    def unwanted(self, method, kind):
        return None

    def refuse(self, url, reason):
        pass


async def text_of(browser: Chromium) -> str:
    async with browser.page(Gate(Words(), Words()), user_agent="Chrome", timeout=20) as page:
        await page.goto(PAGE, wait_until="commit")
        return await page.inner_text("p")


async def test_the_next_page_is_open_beforehand():
    async with Chromium(None, at_once=1, spare=1) as browser:
        await text_of(browser)

        async def ready():
            return len(browser._ready) == 1

        await eventually(ready)
        (spare,) = browser._ready
        async with browser.page(Gate(Words(), Words()), user_agent="Chrome", timeout=20) as page:
            assert page is spare.page
        async with browser.page(Gate(Words(), Words()), user_agent="Another", timeout=20) as page:
            assert await page.evaluate("navigator.userAgent") == "Another"
        await eventually(ready)
        assert len((await browser._running()).browser.contexts) == 1


async def test_a_crashed_tab_costs_its_page_at_once_and_no_other():
    async with Chromium(None, at_once=2) as browser:
        before = set(chromium_processes())

        async def crash():
            async with browser.page(Gate(Words(), Words()), user_agent="Chrome", timeout=60) as page:
                session = await page.context.new_cdp_session(page)
                await session.send("Page.crash")

        with pytest.raises(PageBroke, match="crashed"):
            await asyncio.wait_for(crash(), 20)
        assert await text_of(browser) == "The lantern parcel"
        assert before & set(chromium_processes()) or not before


async def test_a_browser_is_renewed_before_it_grows_old_and_nothing_of_it_stays(monkeypatch):
    monkeypatch.setattr(chromium, "MOST_PAGES", 2)
    others = set(chromium_processes())
    async with Chromium(None, at_once=2) as browser:
        await text_of(browser)
        old = await browser._running()
        tree, profile = processes.tree(old._pid), processes.profile_of(old._pid)
        assert profile.exists()
        await asyncio.gather(text_of(browser), text_of(browser))

        async def gone():
            return not any(processes.tree(process.pid)[:1] == (process,) for process in tree) and not profile.exists()

        await eventually(gone)
        assert await browser._running() is not old
        assert await text_of(browser) == "The lantern parcel"
        last = processes.profile_of((await browser._running())._pid)
    assert not last.exists()
    assert set(chromium_processes()) <= others


async def test_a_browser_that_keeps_too_much_memory_is_renewed(monkeypatch):
    monkeypatch.setattr(chromium, "MOST_BYTES", 1)
    monkeypatch.setattr(chromium, "LOOK_EVERY", 1)
    async with Chromium(None, at_once=1) as browser:
        old = await browser._running()
        assert old.private_bytes() > 1_000_000
        await text_of(browser)

        async def renewed():
            return await browser._running() is not old

        await eventually(renewed)


async def test_shared_memory_lies_in_memory():
    async with Chromium(None, at_once=1) as browser:
        told = Path(f"/proc/{(await browser._running())._pid}/cmdline")
        words = await asyncio.to_thread(told.read_bytes)
        assert (b"--disable-dev-shm-usage" in words) != processes.shared_memory_is_enough()


def test_what_killed_browsers_left_is_swept(tmp_path):
    names = processes.PROFILE + "a", processes.PROFILE + "b", processes.ARTIFACTS + "c"
    old, new, empty = (tmp_path / name for name in names)
    for folder in (old, new, empty):
        folder.mkdir()
    (old / "kept").write_text("x")
    for folder in (old, empty):
        os.utime(folder, (time.time() - 2 * processes.A_DAY_S,) * 2)
    assert processes.sweep(tmp_path) == 2
    assert [path.name for path in tmp_path.iterdir()] == [new.name]
