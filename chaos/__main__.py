"""`python -m chaos [--seed 1] [--minutes 10]`: what can go wrong, at once, under load, and what must hold."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.harness import commit, machine
from chaos.invariants import INVARIANTS
from chaos.run import Outcome, Run
from chaos.schedule import schedule

HOME = Path("var/chaos")
console = Console(soft_wrap=True)


def main(
    seed: Annotated[int, typer.Option(help="The same seed is the same schedule.")] = 1,
    minutes: Annotated[float, typer.Option(help="How long faults go on.", min=0.3)] = 10.0,
    home: Annotated[Path, typer.Option(help="Where the house stands; emptied before.")] = HOME,
    plan: Annotated[bool, typer.Option("--plan", help="Print the schedule and end.")] = False,
    record: Annotated[Path | None, typer.Option(help="Write the line of JSON to this file as well.")] = None,
) -> None:
    """Prints the schedule, what happens, a table of kills, recovery and promises, and one JSON object as the last line.
    Ends with 1 when a promise does not hold."""
    for fault in schedule(seed, minutes * 60):
        console.print(str(fault), highlight=False)
    if plan:
        return
    outcome = asyncio.run(Run(home.absolute(), seed, minutes * 60, lambda line: console.print(line, highlight=False))())
    _show(outcome)
    shown = {**asdict(outcome), "machine": machine(), "commit": commit()}
    text = json.dumps(shown, ensure_ascii=False)
    if record:
        record.write_text(text + "\n")
    typer.echo(text)
    raise typer.Exit(1 if outcome.violations else 0)


def _show(outcome: Outcome) -> None:
    console.print(
        f"\n{outcome.done} faults came about, {outcome.idle} met nobody; {outcome.cases} cases, {outcome.sent} sent, "
        f"{outcome.removed} removed; {outcome.counted}; at rest {outcome.rested_s:.0f} s after the last fault"
    )
    kills = Table("killed", "times", box=None)
    for name, times in outcome.kills.items():
        kills.add_row(name, str(times))
    recovery = Table("ready again after", "times", "median s", "p95 s", "longest s", "never", box=None)
    for kind, one in outcome.recovery.items():
        seconds = (f"{value:.1f}" for value in (one.median_s, one.p95_s, one.longest_s))
        recovery.add_row(kind, str(one.times), *seconds, str(one.never))
    promises = Table("promise", "", "", box=None)
    for invariant in INVARIANTS:
        broken = [one.what for one in outcome.violations if one.invariant == invariant.name]
        promises.add_row(invariant.name, "✗" if broken else "✓", "\n".join(broken) or invariant.promise)
    for table in (kills, recovery, promises):
        console.print(table)


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
