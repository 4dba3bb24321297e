"""What is on each dashboard: `boards.toml`, and one that shows every promise of `slos.toml`."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from deploy.observability.panels import Board, Panel
from deploy.observability.slos import Slo

SOURCE = Path(__file__).with_name("boards.toml")


def read(source: Path = SOURCE) -> list[Board]:
    boards = tomllib.loads(source.read_text())["board"]
    return [
        Board(
            board["uid"],
            board["title"],
            board["about"],
            tuple(Panel(one["title"], one["unit"], tuple(one["queries"].items())) for one in board["panel"]),
        )
        for board in boards
    ]


def promises(slos: Sequence[Slo]) -> Board:
    """What is left of each budget, and how fast it goes."""
    panels: list[Panel] = []
    for slo in slos:
        its, budget = f'{{slo="{slo.name}"}}', f"{1 - slo.objective:.4g}"
        left = f"1 - haetae:slo_error_ratio:rate30d{its} / {budget}"
        missed = tuple((window, f"haetae:slo_error_ratio:rate{window}{its}") for window in ("1h", "6h", "3d"))
        # A budget that is overspent is shown too: an axis from zero on would hide it.
        panels.append(Panel(f"{slo.name}: budget left", "percentunit", (("of 30 days", left),), signed=True))
        panels.append(Panel(f"{slo.name}: missed", "percentunit", missed))
    return Board("haetae-slo", "Haetae: promises", "What is left of each budget of docs/slo.md.", tuple(panels))
