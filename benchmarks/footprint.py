"""Memory and processor time of each service, with its children (Chromium), over one run of the sandbox loop."""

import re
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.harness import Figure, alone
from benchmarks.processes import cpu_s, pss_mb, state

SERVICE = re.compile(rb"services\.([a-z]+)\x00")
EVERY_S = 0.5
SCALE = {False: "1.0", True: "0.3"}


def measure(quick: bool, home: Path) -> Figure:
    """Memory is Pss: what several processes share counts once. Raises `RuntimeError` when the loop failed."""
    folder = home / "footprint"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    peak: dict[str, float] = defaultdict(float)
    spent: dict[int, tuple[str, float]] = {}
    command = [sys.executable, "-m", "haetae", "run", "--sandbox", "--once", "--scale", SCALE[quick], "--port", "0"]
    began = time.monotonic()
    with (folder / "said").open("wb") as said:
        loop = subprocess.Popen([*command, "--home", str(folder / "home")], stdout=said, stderr=said)  # our words
        while loop.poll() is None:
            for name, memory in _seen(loop.pid, spent).items():
                peak[name] = max(peak[name], memory)
            time.sleep(EVERY_S)
    if loop.returncode:
        raise RuntimeError(f"the loop failed: see {folder / 'said'}")
    seconds = time.monotonic() - began
    cpu: dict[str, float] = defaultdict(float)
    for name, used in spent.values():
        cpu[name] += used
    detail = {
        name: {"peak_mib": round(peak[name]), "cpu_s": round(cpu[name], 1), "cores": round(cpu[name] / seconds, 2)}
        for name in sorted(peak)
    }
    total = round(sum(peak.values()))
    return Figure(
        "footprint", "MiB", total, {}, None, True, "the models' weights, Chromium", detail | {"s": round(seconds)}
    )


def _seen(root: int, spent: dict[int, tuple[str, float]]) -> Mapping[str, float]:
    """Memory by service now, in MiB; `spent` learns the processor seconds of each process."""
    parents = dict(_parents())
    found: dict[str, float] = defaultdict(float)
    for pid in parents:
        if name := _service(pid, root, parents):
            try:
                found[name] += pss_mb(pid)
                spent[pid] = name, cpu_s(pid)
            except OSError:
                continue  # it has ended
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                yield int(entry.name), int(state(int(entry.name))[1])
            except OSError:
                continue


def _service(pid: int, root: int, parents: Mapping[int, int]) -> str:
    """The service that it is, or belongs to; empty for what is not the loop's."""
    name = ""
    while pid > 1 and pid != root:
        try:
            told = SERVICE.search(Path(f"/proc/{pid}/cmdline").read_bytes())
        except OSError:
            return ""
        name = name or (told[1].decode() if told else "")
        pid = parents.get(pid, 0)
    return name if pid == root else ""


if __name__ == "__main__":
    alone(measure)
