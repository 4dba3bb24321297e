"""Runs in the foreground: they say what they do, stop on Ctrl-C, and return the exit status."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.live import Live

from deploy.local.supervisor import StackEvent
from haetae import live, weights
from haetae.demonstration import REVIEWER, Demonstration, Options
from haetae.house import House
from haetae.live import Picture

LINE_EVERY_S = 5.0  # where there is no terminal to draw on
SPARE_ROWS = 9  # lines of the live view that are not cases


async def until_stopped(work: asyncio.Task[int]) -> int:
    """The work's result, or 130 as a shell expects when a signal came first (the work is cancelled and waited for)."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([work, stopping], return_when=asyncio.FIRST_COMPLETED)
    if work.done():
        stopping.cancel()
        return work.result()
    work.cancel()
    await asyncio.wait([work])
    return 130 if work.cancelled() else work.result()


async def agency(home: Path, model: Path, port: int, console: Console) -> int:
    return await until_stopped(asyncio.create_task(_agency(home, model, port, console)))


async def sandbox(options: Options, once: bool, console: Console) -> int:
    return await until_stopped(asyncio.create_task(_sandbox(options, once, console)))


async def _agency(home: Path, model: Path, port: int, console: Console) -> int:
    def tell(event: StackEvent) -> None:
        if event.kind == "ready":
            console.print(f"  {event.name:10} ready after {event.seconds:.1f} s", markup=False)
        elif event.kind == "died":
            log = home / "log" / f"{event.name}.log"
            console.print(f"  {event.name:10} died with {event.code}; starting it again. Its log: {log}", markup=False)

    async with House(home, tell) as house:
        index = {"HAETAE_HASH_INDEX": str((home / "hash-index").absolute())}
        await house.open_services({"classifier": {**weights.settings(model), **index}}, gateway_port=port)
        console.print(f"The gateway is at {house.gateway_url}; Ctrl-C stops everything.")
        console.print("Next, each with", f"--home {home}:", markup=False, soft_wrap=True)
        console.print("  haetae accounts add NAME, haetae sites import FILE, haetae hashes import FILE", markup=False)
        with suppress(asyncio.CancelledError):  # Ctrl-C is how it is meant to end
            console.print(await house.stack.failure(), style="red", markup=False)
            return 1
    return 0


async def _sandbox(options: Options, once: bool, console: Console) -> int:
    screen = Screen(console)
    console.print("Preparing the run")

    def took(step: str, seconds: float) -> None:
        console.print(f"  {step:28} {seconds:5.1f} s", highlight=False)

    async with Demonstration(options, screen.show, took) as demonstration:
        await demonstration.prepare()
        address = f"{demonstration.house.gateway_url}  login {REVIEWER}  password {demonstration.password}"
        console.print(f"The gateway is at {address}", highlight=False, soft_wrap=True)
        if options.review_by_person:
            demonstration.picture.review = f"You review: {address}"
        with screen:
            summary = await demonstration.watch()
        bundle = await demonstration.bundle()
        console.print(live.report(summary, demonstration.setup, bundle))
        if bundle and not bundle.problem:
            console.print(f"The evidence of {bundle.url}: {bundle.path}", highlight=False, soft_wrap=True)
            console.print(f"Check it: {bundle.command}", highlight=False, soft_wrap=True)
        if receipt := demonstration.receipt:
            console.print(f"A script reported {receipt.url} at {receipt.status_page}", highlight=False, soft_wrap=True)
            said = f"number {receipt.number}, PIN {receipt.pin}: {await demonstration.reported()}"
            console.print(f"  {said}", highlight=False, markup=False, soft_wrap=True)
        if not once:
            console.print(f"Everything keeps running: {address}. Ctrl-C stops it.", highlight=False, soft_wrap=True)
            said = f"Commands beside it: haetae evidence plan --home {options.home / 'stack'}, and the like"
            console.print(said, highlight=False, markup=False, soft_wrap=True)
            with suppress(asyncio.CancelledError):  # the run is over; what counts is how it went
                console.print(await demonstration.house.stack.failure(), style="red", markup=False)
    return 1 if summary.failures or (bundle and bundle.problem) else 0


class Screen:
    """A live table on a terminal, a line now and then anywhere else."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")
        self._last = -LINE_EVERY_S

    def __enter__(self) -> "Screen":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def show(self, picture: Picture) -> None:
        if self._console.is_terminal:
            self._live.update(live.view(picture, max(3, self._console.height - SPARE_ROWS)), refresh=True)
        elif picture.elapsed_s - self._last >= LINE_EVERY_S:
            self._last = picture.elapsed_s
            self._console.print(live.line(picture), highlight=False, soft_wrap=True)
