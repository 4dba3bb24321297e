"""approval → accepted by the mail server: the p99 of 100 notices that wait at once for 100 recipients; notices an hour.

The real handler and sender, on a real database, each mail composed, compared with what was approved, signed (RSA), and
recorded with its events. The server is another process. Floors, in the same run: the same mails, ready-made, handed
over by smtplib, one connection for all, and one each; by aiosmtplib over eight.
"""

import asyncio
import itertools
import shutil
import smtplib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import aiosmtplib
import structlog

from benchmarks.harness import Figure, alone
from benchmarks.mailing.outgoing import ORIGIN, Outgoing, approval
from deploy.local.access import service_url
from deploy.local.part import PartName
from deploy.local.stack import Stack
from haetae.access import URL, bring_up_to_date
from haetae.summary import percentile

QUEUED = 100
ROUNDS, QUICK_ROUNDS = 5, 2
SUSTAINED, QUICK_SUSTAINED = 3000, 400
APPROVING = 4  # approvals at once: as many partitions
FLOOR = 500
GOAL_S, GOAL_AN_HOUR = 1.0, 10_000
PARTS: tuple[PartName, ...] = ("postgres",)
Mails = Sequence[tuple[bytes, str]]


def measure(quick: bool, home: Path) -> Figure:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))  # errors
    return asyncio.run(_measure(home, quick))


async def _measure(home: Path, quick: bool) -> Figure:
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=home)).absolute()
    try:
        async with (
            Stack(folder / "stack", parts=PARTS, scratch=True, environ={}) as stack,
            _sink(folder) as port,
        ):
            await bring_up_to_date(stack.env[URL], stack.role_passwords)
            url = service_url(stack.env[URL], "notifier", stack.role_passwords["notifier"])
            out = Outgoing(url, port, folder / "noted")
            rounds = QUICK_ROUNDS if quick else ROUNDS
            waits, bursts, cpu_s = await _queued(out, rounds)
            an_hour = await _sustained(out, QUICK_SUSTAINED if quick else SUSTAINED)
            arrived = out.arrived()
            if set(arrived) != set(out.approved_at):
                raise SystemExit("not every approved notice arrived, so its speed means nothing")
            twice = sum(len(times) - 1 for times in arrived.values())
            bare = await _bare(out.mails(FLOOR), port)
            await out.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Figure(
        name="notices",
        unit="s from approval to acceptance, p99, 100 queued",
        ours=round(percentile(sorted(waits), 99), 3),
        peers={"smtplib_connection_each": round(QUEUED / bare["connection each"], 3)},
        floor=round(QUEUED / bare["eight connections"], 3),
        lower_is_better=True,
        bound_by="processor time of Python: composing, checking, signing and recording, 8 ms a notice",
        detail={
            "goal_s": GOAL_S,
            "median_s": round(median(waits), 3),
            "approved_one_after_the_other_p99_s": round(percentile(sorted(bursts), 99), 3),
            "own_processor_s_for_100_sent_and_recorded": round(cpu_s / rounds, 3),
            "an_hour": round(an_hour),
            "goal_an_hour": GOAL_AN_HOUR,
            "duplicates": twice,
            "bare_an_hour": {name: round(3600 * each) for name, each in bare.items()},
            "an_hour_ratio_to_one_bare_connection": round(an_hour / 3600 / bare["one connection"], 3),
        },
    )


async def _queued(out: Outgoing, rounds: int) -> tuple[list[float], list[float], float]:
    """From the moment on when all of them wait; and, approved while the sender runs, each from its own approval."""
    waits, bursts, cpu_s = [], [], 0.0
    numbers = itertools.count()
    for _ in range(rounds):
        events = [approval(next(numbers), 10 * QUEUED) for _ in range(QUEUED)]
        for event in events:
            await out.approve(event)
        begun, busy = time.time(), time.process_time()
        names = await _all_sent(out, len(out.approved_at))
        cpu_s += time.process_time() - busy
        waits += [out.arrived()[name][0] - begun for name in names[-QUEUED:]]
        async with out.sending():
            for number in range(QUEUED):
                await out.approve(approval(10_000 + next(numbers) * QUEUED + number, 100_000))
            await _recorded(out, len(out.approved_at))
        arrived = out.arrived()
        bursts += [arrived[name][0] - out.approved_at[name] for name in list(out.approved_at)[-QUEUED:]]
    return waits, bursts, cpu_s


async def _all_sent(out: Outgoing, count: int) -> list[str]:
    async with out.sending():
        await _recorded(out, count)
    return list(out.approved_at)


async def _recorded(out: Outgoing, count: int) -> None:
    while await out.sent() < count:
        await asyncio.sleep(0.05)


async def _sustained(out: Outgoing, count: int) -> float:
    """Notices an hour, approved and sent at the same time, until the last is recorded."""
    left = itertools.count()

    async def officials() -> None:
        while (number := next(left)) < count:
            await out.approve(approval(20_000_000 + number, count // 3))

    begun, before = time.time(), len(out.approved_at)
    async with out.sending():
        await asyncio.gather(*(officials() for _ in range(APPROVING)))
        await _recorded(out, before + count)
        took = time.time() - begun
    return 3600 * count / took


async def _bare(mails: Mails, port: int) -> dict[str, float]:
    """Mails a second by the conversation alone."""
    return {
        "one connection": await asyncio.to_thread(_one_connection, mails, port),
        "connection each": await asyncio.to_thread(_connection_each, mails, port),
        "eight connections": await _eight_connections(mails, port),
    }


def _one_connection(mails: Mails, port: int) -> float:
    begun = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as client:
        for mail, to in mails:
            client.sendmail(ORIGIN.sender, [to], mail)
    return len(mails) / (time.perf_counter() - begun)


def _connection_each(mails: Mails, port: int) -> float:
    begun = time.perf_counter()
    for mail, to in mails:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail(ORIGIN.sender, [to], mail)
    return len(mails) / (time.perf_counter() - begun)


async def _eight_connections(mails: Mails, port: int) -> float:
    left = iter(mails)

    async def hand() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for mail, to in left:
                await client.sendmail(ORIGIN.sender, [to], mail)

    begun = time.perf_counter()
    await asyncio.gather(*(hand() for _ in range(8)))
    return len(mails) / (time.perf_counter() - begun)


@asynccontextmanager
async def _sink(folder: Path) -> AsyncIterator[int]:
    ready = folder / "port"
    command = [sys.executable, "-m", "benchmarks.mailing.sink", str(folder / "noted"), str(ready)]
    process = await asyncio.create_subprocess_exec(*command)
    try:
        while not ready.exists():
            await asyncio.sleep(0.05)
        yield int(ready.read_text())
    finally:
        process.terminate()
        await process.wait()


if __name__ == "__main__":
    alone(measure)
