"""found → draft: seconds from the fetch of a page to its notice awaiting review, through broker, database and S3.

Peers: `script_cold` opens a browser for each page, as a script by hand does; `script_warm` keeps it open, the bare
operation that the loop adds its guarantees to (the floor).
Rounds of ours and theirs alternate; each has a web of its own.
"""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import cast

import numpy as np
import pdqhash
from PIL import Image
from playwright.async_api import async_playwright

from benchmarks.harness import Figure
from benchmarks.peers import Web, case, open_browser
from haetae.demonstration import Demonstration, Options
from haetae.summary import Summary, percentile
from sandbox.running import Sandbox
from shared.browser.chromium import find_chromium

MODEL = Path("var/models/text").absolute()
ROUNDS, QUICK_ROUNDS = 2, 1
SCALE, QUICK_SCALE = 1.0, 0.1
FEWEST = 8  # cases that make a median
PAGES, QUICK_PAGES = 20, 5  # for the scripts, which take a browser a page


def measure(quick: bool, home: Path) -> Figure:
    return asyncio.run(_measure(quick, home))


async def _measure(quick: bool, home: Path) -> Figure:
    ours: list[Summary] = []
    cold: list[float] = []
    warm: list[float] = []
    for number in range(QUICK_ROUNDS if quick else ROUNDS):
        ours.append(await _ours(home, 100 + number, quick))
        more_cold, more_warm = await scripts(home, 200 + number, QUICK_PAGES if quick else PAGES)
        cold += more_cold
        warm += more_warm
    wrong = [url for summary in ours for url in (*summary.missed, *summary.wrongly_flagged)]
    if wrong:
        raise SystemExit(f"the loop did not do its work, so its speed means nothing: {wrong}")
    return Figure(
        name="loop",
        unit="s from fetch to draft, median",
        ours=round(median(summary.median_s for summary in ours), 3),
        peers={"script_cold": round(median(cold), 3)},
        floor=round(median(warm), 3),
        lower_is_better=True,
        bound_by="Chromium's processor time, shared with the crawl that goes on meanwhile",
        detail={
            "p99_s": [round(summary.p99_s, 3) for summary in ours],
            "stage_medians_s": [
                {name: round(seconds, 3) for name, seconds in summary.stage_medians.items()} for summary in ours
            ],
            "cases": [summary.found for summary in ours],
            "script_cold_p99_s": round(percentile(sorted(cold), 99), 3),
            "script_warm_p99_s": round(percentile(sorted(warm), 99), 3),
        },
    )


async def _ours(home: Path, seed: int, quick: bool) -> Summary:
    def nothing(*_: object) -> None:
        """Nobody watches."""

    options = Options(home / "loop", MODEL, seed=seed, scale=QUICK_SCALE if quick else SCALE, gateway_port=0)
    async with Demonstration(options, nothing, nothing) as run:
        await run.prepare()
        return await run.watch(all_drafted)


def all_drafted(summary: Summary) -> bool:
    """What is there by now has been found and drafted; what becomes of it later is not this figure's matter."""
    return summary.found >= FEWEST and not summary.missed and summary.drafted == summary.found


async def scripts(home: Path, seed: int, pages: int) -> tuple[list[float], list[float]]:
    folder = Path(tempfile.mkdtemp(dir=home))
    executable = find_chromium(None)
    try:
        async with Sandbox(folder, seed=seed, pace=1000) as sandbox, async_playwright() as playwright:
            web = Web({host.name: host.address for host in sandbox.world.hosts}, sandbox.port)
            posts = cast(list[dict[str, str]], sandbox.truth.as_json()["posts"])
            urls = [post["url"] for post in posts][:pages]
            known = [_hash(path) for path in sorted((folder / "known").glob("*.png"))]
            warm_browser = await open_browser(playwright, str(executable or playwright.chromium.executable_path), web)
            cold, warm = [], []
            for url in urls:
                begun = time.perf_counter()
                browser = await open_browser(playwright, str(executable or playwright.chromium.executable_path), web)
                await case(url, web, known, browser)
                await browser.close()
                cold.append(time.perf_counter() - begun)
                begun = time.perf_counter()
                await case(url, web, known, warm_browser)
                warm.append(time.perf_counter() - begun)
            await warm_browser.close()
            return cold, warm
    finally:
        shutil.rmtree(folder)


def _hash(path: Path) -> np.ndarray:
    bits, _ = pdqhash.compute(np.asarray(Image.open(path).convert("RGB")))
    return np.asarray(bits)
