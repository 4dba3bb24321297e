"""What every figure has in common: how it is run, and the one line of JSON that it ends with."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """A measured figure. All ratios say how many times better ours is: above 1 is better, whatever the unit.

    `peers`: other ways to do the same work, measured in the same run. `floor`: the bare operation without our parts.
    `bound_by`: what would have to become faster for the figure to improve. `detail`: what else was seen.
    """

    name: str
    unit: str
    ours: float
    peers: Mapping[str, float]
    floor: float
    lower_is_better: bool
    bound_by: str
    detail: Mapping[str, object]

    def line(self) -> str:
        best = min(self.peers.values()) if self.lower_is_better else max(self.peers.values())
        shown = asdict(self)
        shown["ratio"] = self._ratio(best)
        shown["floor_ratio"] = self._ratio(self.floor)
        shown["machine"] = machine()
        shown["commit"] = commit()
        return json.dumps(shown, ensure_ascii=False)

    def _ratio(self, other: float) -> float:
        return round(other / self.ours if self.lower_is_better else self.ours / other, 3)


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
