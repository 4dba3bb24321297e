"""Versions of a model on the terminal: a table, one with its log, or JSON for scripts."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from haetae.saying import console, errors
from services.classifier.learning.registry import ModelRow, PromotionRow
from shared.text import one_line

MOST_SHOWN = 2_000  # characters of a reason
FIGURES = {"frozen_ap": "frozen AP", "frozen_before": "champion's", "recent_ap": "recent AP", "ece": "ECE"}


def print_lines(rows: Iterable[ModelRow]) -> None:
    """JSON lines, without weights and cards. Moments as ISO 8601, in UTC."""
    for row in rows:
        shown = {
            name: getattr(row, name) for name in ("version", "name", "status", "since", "made_at", "made_by", "metrics")
        }
        console.print(json.dumps(shown, default=datetime.isoformat), markup=False, highlight=False, soft_wrap=True)


def print_table(rows: Sequence[ModelRow]) -> None:
    if not rows:
        errors.print("no model yet: the classifier enters the installed one when it starts", highlight=False)
        return
    table = Table("version", "part", "since", "made", "by", *FIGURES.values(), box=None, pad_edge=False)
    for row in rows:
        figures = [f"{row.metrics[name]:.3f}" if name in row.metrics else "" for name in FIGURES]
        table.add_row(str(row.version), row.status, _moment(row.since), _moment(row.made_at), row.made_by, *figures)
    console.print(table)


def print_whole(row: ModelRow, log: Sequence[PromotionRow]) -> None:
    said = {
        "version": str(row.version),
        "part": f"{row.status}, since {_moment(row.since)}",
        "made": f"{_moment(row.made_at)} by {row.made_by}",
        "made from": f"installed model {row.base[:12]}",
        **{name: f"{value:g}" for name, value in sorted(row.metrics.items())},
    }
    for name, value in said.items():
        console.print(Text(f"{name:<14} ", "bold"), Text(one_line(value, MOST_SHOWN)), sep="", soft_wrap=True)
    print_log(log)


def print_log(log: Sequence[PromotionRow]) -> None:
    table = Table("at", "version", "became", "by", "why", box=None, pad_edge=False)
    for row in log:
        became = f"{row.before} → {row.status}" if row.before else row.status
        by, why = (Text(one_line(said, MOST_SHOWN)) for said in (row.by, row.reason))
        table.add_row(_moment(row.at), str(row.version), became, by, why)
    console.print(table)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
