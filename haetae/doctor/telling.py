"""How the doctor says it: a table for people, JSON for programs."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from haetae.doctor.diagnosis import Diagnosis, State
from services import SERVICES

STYLE = {State.OK: "green", State.WARNING: "yellow", State.FAILED: "red", State.SKIPPED: "dim"}
ORDER = (State.FAILED, State.WARNING, State.OK, State.SKIPPED)


def table(found: Sequence[Diagnosis]) -> Table:
    """What failed first; of each, the cure below what is wrong."""
    made = Table(box=None, pad_edge=False)
    for column in ("", "what", "of", "said, and the cure"):
        made.add_column(column, overflow="fold")  # cut, a name could not be looked for
    for one in sorted(found, key=lambda one: ORDER.index(one.state)):
        said = Text(one.said)
        if one.cure:
            said.append(f"\n→ {one.cure}", "bold")
        made.add_row(Text(one.state, STYLE[one.state]), f"{one.subject}: {one.what}", whose(one.services), said)
    return made


def whose(services: Sequence[str]) -> str:
    return "all" if set(services) >= set(SERVICES) else ", ".join(services)


def summary(found: Sequence[Diagnosis]) -> str:
    counted = Counter(one.state for one in found)
    return ", ".join(f"{counted[state]} {state}" for state in ORDER if counted[state])


def print_lines(found: Sequence[Diagnosis], console: Console) -> None:
    for one in found:
        console.print(json.dumps(asdict(one), ensure_ascii=False), soft_wrap=True, highlight=False)
