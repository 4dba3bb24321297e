"""`python -m benchmarks [NAME] [--quick]`: measure one figure beside its peer, or every one and write the page.

`python -m benchmarks page` writes `docs/benchmarks.md` from the lines that are kept.
"""

import importlib
import os
import pkgutil
from typing import Annotated

import typer

from benchmarks import __path__ as folder
from benchmarks.harness import HOME

COMMON = {"__main__", "harness", "peers", "postgres", "processes", "spent"}
NAMES = sorted(module.name for module in pkgutil.iter_modules(folder) if not module.ispkg and module.name not in COMMON)
NEEDS_DATA = "reading"  # of saved pages, which nobody may hand on


def main(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(NAMES)}; or `page`. Without it: all.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="End within a minute; rougher.")] = False,
    record: Annotated[bool, typer.Option("--record", help="Keep the line for the page.")] = False,
) -> None:
    """Runs the work and its peer in the same run, and prints one JSON object as the last line.

    All of them: each in a process of its own, with progress instead of JSON; kept for the page unless it is quick.
    """
    if name and name not in (*NAMES, "page"):
        typer.echo(f"give NAME, one of: {', '.join(NAMES)}", err=True)
        raise typer.Exit(2)
    if name == "page":
        from benchmarks.recorded.page import write

        write()
    elif record or not name:
        _every([name] if name else _all(), quick, record or not quick)
    else:
        figure = importlib.import_module(f"benchmarks.{name}").measure(quick, HOME)
        typer.echo(figure.line())


def _all() -> list[str]:
    from benchmarks.recorded.subjects import SUBJECTS

    if os.environ.get("DATA"):
        return list(SUBJECTS)
    typer.echo(f"{NEEDS_DATA} is left out: give DATA=FOLDER of saved pages")
    return [name for name in SUBJECTS if name != NEEDS_DATA]


def _every(names: list[str], quick: bool, record: bool) -> None:
    from benchmarks.recorded.every import every
    from benchmarks.recorded.kept import keep
    from benchmarks.recorded.page import write

    failed = every(names, quick=quick, home=HOME, say=typer.echo, keep=keep if record else lambda *_: None)
    if record:
        write()
        typer.echo("docs/benchmarks.md")
    if failed:
        typer.echo(f"failed: {', '.join(failed)}", err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
