"""`python -m chaos.soak [--minutes 60] [--rate 10]`: the house at a steady rate; what grows that should not."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.harness import commit, machine
from chaos.soak.judging import Verdict, judged
from chaos.soak.plot import drawn
from chaos.soak.run import Sample, Soak

HOME = Path("var/soak")
SHORTEST = 15.0  # minutes; of fewer no growth is told (`trend.FEWEST`, after the warm-up)
console = Console(soft_wrap=True)


def main(
    minutes: Annotated[float, typer.Option(help="How long posts appear.", min=SHORTEST)] = 60.0,
    rate: Annotated[float, typer.Option(help="Posts that appear in a minute.", min=0.5)] = 10.0,
    seed: Annotated[int, typer.Option(help="Of the sandbox web.")] = 1,
    home: Annotated[Path, typer.Option(help="Where the house stands; emptied before.")] = HOME,
    figures: Annotated[Path | None, typer.Option(help="Draw into this folder instead of HOME.")] = None,
) -> None:
    """Prints a line a minute, a table, and one JSON object as the last line. Ends with 1 when something grows."""
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    soaked = asyncio.run(Soak(home, seed, minutes, rate, lambda line: console.print(line, highlight=False))())
    verdict = judged(soaked)
    for path in _draw(soaked.samples, figures or home):
        console.print(f"drawn: {path}")
    _show(verdict)
    whole = {
        "minutes": minutes, "a_minute": rate, "seed": seed, "pages": soaked.posts + soaked.reports,
        "reports": soaked.reports, "findings": len(soaked.to_draft_s),
        **verdict.shown(), "machine": machine(), "commit": commit(),
    }  # fmt: skip
    typer.echo(json.dumps(whole, ensure_ascii=False))
    raise typer.Exit(1 if verdict.grows else 0)


def _draw(samples: list[Sample], folder: Path) -> list[Path]:
    minutes = [sample.hours * 60 for sample in samples]
    names = sorted({name for sample in samples for name in sample.held})
    waits = sorted({name for sample in samples for name in sample.waiting})
    memory = {name: [one.held[name].memory_mb if name in one.held else 0.0 for one in samples] for name in names}
    behind = {name: [float(one.waiting.get(name, 0)) for one in samples] for name in waits}  # 0 where nobody answered
    stored = {name: [one.stored_mb.get(name, 0.0) for one in samples] for name in sorted(samples[-1].stored_mb)}
    drawings = {
        "memory": ("Memory of each process with its children, MB", {n: v for n, v in memory.items() if max(v) >= 1}),
        "waiting": ("Records not handled, rows not published", {n: v for n, v in behind.items() if max(v) > 0}),
        "stored": ("Stored, MB", {name: values for name, values in stored.items() if max(values) >= 1}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, (title, lines) in drawings.items():
        (folder / f"{name}.svg").write_text(drawn(title, minutes, lines))
    return [folder / f"{name}.svg" for name in drawings]


def _show(verdict: Verdict) -> None:
    table = Table("process", "MB, median", "highest", "MB an hour", "at least", "at most", "", box=None)
    for name, one in verdict.memory.items():
        numbers = (one.median, one.highest, one.slope, one.at_least, one.at_most)
        table.add_row(name, *(f"{value:.1f}" for value in numbers), one.growth)
    console.print(table)
    console.print(
        f"found to drafted: median {verdict.first_third_s:.2f} s in the first third, {verdict.last_third_s:.2f} s in "
        f"the last, p99 {verdict.p99_s:.2f} s"
    )
    console.print("\n".join(verdict.grows) or "all is flat", highlight=False)


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
