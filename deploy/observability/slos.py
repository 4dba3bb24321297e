"""Objectives become recording rules and burn-rate alerts, after Google's SRE workbook, chapter 5, "6: Multiwindow,
Multi-Burn-Rate Alerts"."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("slos.toml")
RUNBOOKS = "docs/runbooks/{}.md"
# A series of good events begins with the first of them: where all fail from the start there is none, and a ratio
# without it would be none either, and ring nobody.
NONE = "or vector(0)"
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")


@dataclass(frozen=True)
class Slo:
    """`least`: bad events within the long window before anybody is told."""

    name: str
    alert: str
    objective: float
    least: int
    good: str
    total: str
    promise: str
    why: str


@dataclass(frozen=True)
class Burn:
    """So many times as fast as the budget lasts 30 days, in the long window and still in the short one. The workbook's
    table 5-8: 2 % of the budget in an hour, 5 % in six, 10 % in a day; 10 % in three days."""

    rate: float
    long: str
    short: str
    severity: str


BURNS = (
    Burn(14.4, "1h", "5m", "page"),
    Burn(6, "6h", "30m", "page"),
    Burn(3, "1d", "2h", "ticket"),
    Burn(1, "3d", "6h", "ticket"),
)


def read(source: Path = SOURCE) -> list[Slo]:
    return [Slo(**table) for table in tomllib.loads(source.read_text())["slo"]]


def rules(slos: Sequence[Slo]) -> dict[str, Any]:
    """As Prometheus reads them."""
    return {
        "groups": [
            {"name": "haetae-slo-ratios", "rules": [one for slo in slos for one in recorded(slo)]},
            {"name": "haetae-slo-burns", "rules": [alert(slo, burn) for slo in slos for burn in BURNS]},
        ]
    }


def recorded(slo: Slo) -> list[dict[str, Any]]:
    ratios = [
        {
            "record": f"haetae:slo_error_ratio:rate{window}",
            "expr": f"1 - (sum(rate({slo.good}[{window}])) {NONE}) / sum(rate({slo.total}[{window}]))",
            "labels": {"slo": slo.name},
        }
        for window in WINDOWS
    ]
    errors = [
        {
            "record": f"haetae:slo_errors:increase{burn.long}",
            "expr": f"sum(increase({slo.total}[{burn.long}])) - (sum(increase({slo.good}[{burn.long}])) {NONE})",
            "labels": {"slo": slo.name},
        }
        for burn in BURNS
    ]
    return ratios + errors


def alert(slo: Slo, burn: Burn) -> dict[str, Any]:
    most = f"{burn.rate:g} * {1 - slo.objective:.4g}"
    its = f'{{slo="{slo.name}"}}'
    spent = f"{burn.rate:g} times as fast as allowed for {burn.long}"
    return {
        "alert": slo.alert,
        "expr": (
            f"haetae:slo_error_ratio:rate{burn.long}{its} > {most}"
            f" and haetae:slo_error_ratio:rate{burn.short}{its} > {most}"
            f" and haetae:slo_errors:increase{burn.long}{its} >= {slo.least}"
        ),
        "labels": {"severity": burn.severity, "slo": slo.name, "window": burn.long},
        "annotations": {
            "summary": f"The error budget of {slo.name} goes {spent}",
            "description": f"Promised: {slo.promise}, {slo.objective:.1%} of the time. "
            "Missed now: {{ $value | humanizePercentage }}.",
            "runbook_url": RUNBOOKS.format(slo.alert),
        },
    }


def table(slos: Sequence[Slo]) -> str:
    rows = [f"| `{slo.name}` | {slo.promise} | {slo.objective:.1%} | {slo.why} |" for slo in slos]
    return "| | promise | over 30 days | why so |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
