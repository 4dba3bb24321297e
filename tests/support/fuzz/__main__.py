"""`python -m tests.support.fuzz`: every target in turn; the first finding of each is kept as a file."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Annotated

import structlog
import typer

from tests.support.fuzz.engine import fuzz, named, smaller, tried
from tests.support.fuzz.targets import TARGETS

KEPT, NAMES = Path("var/fuzz"), ", ".join(one.name for one in TARGETS)


def main(
    target: Annotated[str, typer.Argument(help=f"One of: {NAMES}. All, if none.")] = "",
    inputs: Annotated[int, typer.Option(help="How many in all.", min=1)] = 1_000_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same inputs.")] = 1,
    again: Annotated[Path | None, typer.Option(help="A kept finding: only this input.")] = None,
) -> None:
    """What reads bytes of strangers, on inputs that a seed makes: nothing but the errors that it promises."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    chosen = named(TARGETS, target)
    if not chosen:
        raise typer.BadParameter(f"no target is called {target!r}")
    if again is not None:
        found = [tried(one, again.read_bytes()) for one in chosen]
        typer.echo("\n".join(str(one) for one in found if one) or "nothing wrong")
        raise typer.Exit(int(any(found)))
    each, done, findings, begun = -(-inputs // len(chosen)), 0, 0, time.monotonic()
    for one in chosen:
        started = time.monotonic()
        told = fuzz(one, seed, each)
        done += told.count
        a_second = told.count / (time.monotonic() - started)
        typer.echo(f"{one.name:18} {told.count:>9,} inputs {a_second:>9,.0f}/s  {'WRONG' if told.finding else 'ok'}")
        if told.finding is not None:
            findings += 1
            finding = smaller(one, told.finding)
            KEPT.mkdir(parents=True, exist_ok=True)
            (file := KEPT / f"{one.name.replace(' ', '-')}.bin").write_bytes(finding.data)
            typer.echo(f"  {finding}\n  again: python -m tests.support.fuzz {one.name!r} --again {file}")
    seconds = round(time.monotonic() - begun, 1)
    typer.echo(json.dumps({"name": "fuzz", "inputs": done, "targets": len(chosen), "findings": findings,
                           "seconds": seconds, "seed": seed}))  # fmt: skip
    raise typer.Exit(int(findings > 0))


if __name__ == "__main__":
    typer.run(main)
