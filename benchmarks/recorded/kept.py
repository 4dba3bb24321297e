"""The line that each benchmark ended with, one file each: what the page is written from."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.recorded.subjects import ROOT, SUBJECTS

FOLDER = ROOT / "docs/figures/bench"


@dataclass(frozen=True)
class Kept:
    """`line`: as `Figure.line` gives it. `quick`: QUICK=1, rougher. `versions`: of what was measured with."""

    line: Mapping[str, Any]
    took_s: float
    quick: bool
    versions: Mapping[str, str]

    @property
    def commit(self) -> str:
        """Without the mark of a changed tree: the lines that are kept change it themselves."""
        return str(self.line["commit"]).removesuffix("+")


def keep(name: str, kept: Kept, folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(asdict(kept), ensure_ascii=False, indent=1) + "\n")


def all_kept(folder: Path = FOLDER) -> dict[str, Kept]:
    """By name, in the order of the subjects."""
    paths = {name: folder / f"{name}.json" for name in SUBJECTS}
    return {name: Kept(**json.loads(path.read_text())) for name, path in paths.items() if path.exists()}
