"""flagged → sealed: seconds from the event to the commit of its seal, every step of the capture done, the browser warm.

The real handler, on a real database, the real S3 store and the stack's two time-stamp authorities; the pages are the
sandbox's. Floor: the same pages by a plain Playwright script with its browser open (goto, screenshot, content), in the
same run, one after the other: no request checked, nothing kept, nothing sealed.
"""

import asyncio
import itertools
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
import structlog
from playwright.async_api import async_playwright

from benchmarks.capturing.flagging import finding, flagged
from benchmarks.capturing.memory import watched
from benchmarks.harness import Figure, alone
from benchmarks.peers import Web, open_browser
from deploy.local.part import PartName
from deploy.local.stack import Stack
from haetae.access import URL, bring_up_to_date
from haetae.summary import percentile
from sandbox.running import Sandbox
from services.evidence.handlers import Sealed
from services.evidence.settings import Settings
from services.evidence.workshop import Workshop
from shared.browser.chromium import find_chromium
from shared.clock import SystemClock
from shared.database import Database
from shared.events import Envelope
from shared.events.values import Finding
from shared.identity import identity

AT_ONCE = (1, 2, 4)
CAPTURES, QUICK_CAPTURES = 60, 12  # for each of them
WARM_UP = 4  # captures that are not counted: decoders start, connections open
PAGES = 20  # of the sandbox, in turn
PARTS: tuple[PartName, ...] = ("postgres", "s3", "authority")
GOAL_S = 2.0  # of the median


@dataclass
class Run:
    seconds: list[float]
    per_minute: float
    peak_bytes: int


def measure(quick: bool, home: Path) -> Figure:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))  # errors
    return asyncio.run(_measure(home, QUICK_CAPTURES if quick else CAPTURES))


async def _measure(home: Path, captures: int) -> Figure:
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=home)).absolute()
    try:
        async with Sandbox(folder / "web", seed=300, pace=1000) as sandbox:
            web = Web({host.name: host.address for host in sandbox.world.hosts}, sandbox.port)
            found = await _findings(sandbox, web)
            async with Stack(
                folder / "stack", parts=("postgres", "s3", "authority"), scratch=True, environ={}
            ) as stack:
                await bring_up_to_date(stack.env[URL], stack.role_passwords)
                hosts = folder / "web" / "hosts"
                ours = {count: await _ours(stack, hosts, found, count, captures) for count in AT_ONCE}
            plain = await _plain(found, web, captures)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _figure(ours, plain, captures)


async def _findings(sandbox: Sandbox, web: Web) -> list[Finding]:
    urls = [str(post["url"]) for post in sandbox.truth.every_post() if post["status"] == "up"][:PAGES]
    async with httpx.AsyncClient(trust_env=False) as client:
        return [await finding(client, web, url) for url in urls]


async def _ours(stack: Stack, hosts: Path, found: list[Finding], at_once: int, captures: int) -> Run:
    env = {name.removeprefix("HAETAE_").lower(): value for name, value in stack.service_env("evidence").items()}
    settings = Settings.model_validate(
        {"kafka_bootstrap": "-", **env, "allowed_hosts_file": hosts, "captures_at_once": at_once}
    )
    clock, numbers, seconds = SystemClock(), itertools.count(), list[float]()
    database = Database(settings.database_url.get_secret_value(), "/haetae/evidence", clock)

    async def capture(workshop: Workshop) -> float:
        number = next(numbers)
        event = flagged(found[number % len(found)], identity("benchmark", at_once, number))
        begun = time.perf_counter()
        outcome = await workshop.preserve(event)
        if not isinstance(outcome, Sealed):
            raise SystemExit(f"a page was not sealed, so the speed means nothing: {outcome}")
        async with database.transaction(Envelope(event, event.case_id, "/benchmark", clock.now())) as tx:
            await workshop.seal(event, outcome, tx)
        return time.perf_counter() - begun

    async def work(workshop: Workshop) -> None:
        while next(left) < captures:
            seconds.append(await capture(workshop))

    async with Workshop(settings, clock) as workshop:
        await asyncio.gather(*(capture(workshop) for _ in range(WARM_UP)))
        left, begun = itertools.count(), time.perf_counter()
        async with watched() as peak:
            await asyncio.gather(*(work(workshop) for _ in range(at_once)))
        took = time.perf_counter() - begun
    await database.close()
    return Run(seconds, 60 * len(seconds) / took, peak.bytes)


async def _plain(found: list[Finding], web: Web, captures: int) -> list[float]:
    seconds = []
    async with async_playwright() as playwright:
        executable = find_chromium(None) or Path(playwright.chromium.executable_path)
        browser = await open_browser(playwright, str(executable), web)
        for number in range(WARM_UP + captures):
            begun = time.perf_counter()
            context = await browser.new_context(viewport={"width": 1280, "height": 800})
            page = await context.new_page()
            await page.goto(found[number % len(found)].url)
            await page.screenshot(full_page=True, type="jpeg", quality=80)
            await page.content()
            await context.close()
            seconds.append(time.perf_counter() - begun)
        await browser.close()
    return seconds[WARM_UP:]


def _figure(ours: dict[int, Run], plain: list[float], captures: int) -> Figure:
    return Figure(
        name="evidence",
        unit="s from flagged to sealed, median, one at a time",
        ours=round(median(ours[1].seconds), 3),
        peers={},
        floor=round(median(plain), 3),
        lower_is_better=True,
        bound_by="Chromium's processor time: drawing the page and its screenshots",
        detail={
            "goal_s": GOAL_S,
            "captures_per_minute": {count: round(run.per_minute, 1) for count, run in ours.items()},
            "median_s": {count: round(median(run.seconds), 3) for count, run in ours.items()},
            "p99_s": {count: round(percentile(sorted(run.seconds), 99), 3) for count, run in ours.items()},
            "peak_mib": {count: round(run.peak_bytes / 1024**2) for count, run in ours.items()},
            "plain_p99_s": round(percentile(sorted(plain), 99), 3),
            "captures": captures,
        },
    )


if __name__ == "__main__":
    alone(measure)
