"""`python -m benchmarks NAME [--quick]`: measure one figure beside its peer."""

import importlib
import pkgutil
from typing import Annotated

import typer

from benchmarks import __path__ as folder
from benchmarks.harness import HOME

COMMON = {"__main__", "harness", "peers"}
NAMES = sorted(module.name for module in pkgutil.iter_modules(folder) if not module.ispkg and module.name not in COMMON)


def main(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(NAMES)}.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="End within a minute; rougher.")] = False,
) -> None:
    """Runs the work and its peer in the same run, and prints one JSON object as the last line."""
    if name not in NAMES:
        typer.echo(f"give NAME, one of: {', '.join(NAMES)}", err=True)
        raise typer.Exit(2)
    figure = importlib.import_module(f"benchmarks.{name}").measure(quick, HOME)
    typer.echo(figure.line())


if __name__ == "__main__":
    typer.run(main)
