"""What each process holds, and what waits in each service, at one moment. Linux."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from chaos.faults import family

PROC = Path("/proc")
CHROMIUM = "chromium"  # of whichever service: it lives and dies with pages
WAITING = {"haetae_lag": "lag", "haetae_outbox_waiting": "outbox"}


@dataclass(frozen=True)
class Held:
    """`memory_mb`: proportional set size, so that what processes share is counted once. With all children."""

    memory_mb: float
    files: int
    threads: int


def held(pids: Mapping[str, int]) -> dict[str, Held]:
    """By name, with every descendant; browsers are counted together, under `CHROMIUM`."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for name, pid in pids.items():
        for one in family(pid):
            with suppress(OSError):  # it has ended meanwhile
                told = CHROMIUM if is_browser(one) else name
                for place, value in enumerate((_memory_mb(one), _files(one), _threads(one))):
                    sums[told][place] += value
    return {name: Held(round(memory, 2), int(files), int(threads)) for name, (memory, files, threads) in sums.items()}


def _memory_mb(pid: int) -> float:
    return _number((PROC / str(pid) / "smaps_rollup").read_text(), "Pss:") / 1024


def _files(pid: int) -> int:
    return len(os.listdir(PROC / str(pid) / "fd"))  # noqa: PTH208  # only how many


def _threads(pid: int) -> int:
    return int(_number((PROC / str(pid) / "status").read_text(), "Threads:"))


def _number(text: str, field: str) -> float:
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(field))


def is_browser(pid: int) -> bool:
    command = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")[0]
    return b"chrom" in command.rpartition(b"/")[2] or b"headless_shell" in command


async def waiting(http: httpx.AsyncClient, at: Mapping[str, str]) -> dict[str, int]:
    """`<service> lag` (records of its partitions not handled yet) and `<service> outbox` (rows not published yet), from
    what each says of itself. `at`: the address of each service's figures. Who does not answer is left out."""
    found: dict[str, int] = {}
    for name, url in at.items():
        try:
            answer = (await http.get(url)).raise_for_status()
        except httpx.HTTPError:
            continue
        for what, value in _told(answer.text):
            found[f"{name} {what}"] = found.get(f"{name} {what}", 0) + value
    return found


def _told(text: str) -> Iterator[tuple[str, int]]:
    for metric in text_string_to_metric_families(text):
        if metric.name in WAITING:
            yield from ((WAITING[metric.name], int(sample.value)) for sample in metric.samples)
