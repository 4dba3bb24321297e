"""What each process holds, and what waits in each service, at one moment. Linux."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.processes import CHROMIUM, is_browser, pss_mb, state
from shared.browser.processes import tree

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
        for one in (process.pid for process in tree(pid)):
            with suppress(OSError):  # it has ended meanwhile
                told = CHROMIUM if is_browser(one) else name
                for place, value in enumerate((pss_mb(one), _files(one), _threads(one))):
                    sums[told][place] += value
    return {name: Held(round(memory, 2), int(files), int(threads)) for name, (memory, files, threads) in sums.items()}


def _files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208  # only how many


def _threads(pid: int) -> int:
    return int(state(pid)[17])  # field 20


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
