"""What every figure has in common: how it is run, and the one line of JSON that it ends with."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

HOME = Path("var/benchmarks")  # what a benchmark keeps while it runs


@dataclass(frozen=True)
class Figure:
    """A measured figure. All ratios say how many times better ours is: above 1 is better, whatever the unit.

    `peers`: other ways to do the same work, measured in the same run. `floor`: the bare operation without our parts,
    None where no such thing was measured. `bound_by`: what would have to become faster for the figure to improve.
    `detail`: what else was seen. `against`: the peer that `ratio` is the ratio to, "" for the best one.
    `ratios`: further ratios by name, each to a peer.
    """

    name: str
    unit: str
    ours: float
    peers: Mapping[str, float]
    floor: float | None
    lower_is_better: bool
    bound_by: str
    detail: Mapping[str, object]
    against: str = ""
    ratios: Mapping[str, str] = field(default_factory=dict)

    def line(self) -> str:
        shown = asdict(self)
        shown["ratio"] = self._ratio(self.peers[self.against] if self.against else self._best())
        shown["floor_ratio"] = self._ratio(self.floor)
        del shown["ratios"]
        shown |= {name: self._ratio(self.peers[peer]) for name, peer in self.ratios.items()}
        shown["machine"] = machine()
        shown["commit"] = commit()
        return json.dumps(shown, ensure_ascii=False)

    def _best(self) -> float | None:
        choose = min if self.lower_is_better else max
        return choose(self.peers.values(), default=None)

    def _ratio(self, other: float | None) -> float | None:
        if other is None:
            return None
        return round(other / self.ours if self.lower_is_better else self.ours / other, 3)


def alone(measure: Callable[[bool, Path], Figure]) -> None:
    """`python -m benchmarks.NAME [--quick]`; QUICK=1 says the same."""
    quick = "--quick" in sys.argv[1:] or os.environ.get("QUICK") == "1"
    print(measure(quick, HOME).line())


def machine() -> str:
    cpus = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next((line.split(":", 1)[1].strip() for line in cpus.splitlines() if line.startswith("model name")), "")
    return (
        f"{os.cpu_count()} × {model or platform.processor()}, {platform.system()}, Python {platform.python_version()}"
    )


def commit() -> str:
    """The checked-out commit, with + when the tree differs from it."""
    root = Path(__file__).parents[1]
    try:
        run = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"], cwd=root, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return run.stdout.strip()
