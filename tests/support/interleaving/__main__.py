"""`python -m tests.support.interleaving`: one seed after the other, until one breaks a promise."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Annotated

import typer

from tests.support.interleaving import pool
from tests.support.interleaving.house import Told, house
from tests.support.interleaving.shrinking import shorter
from tests.support.stack import Databases, LazyStack, Migrated, database_of, fresh, migrated_database

SAY_S = 5.0
Steps = Sequence[int]


def main(
    runs: Annotated[int, typer.Option(help="How many orders of things.", min=1)] = 1000,
    seed: Annotated[int, typer.Option(help="The first of them; with --runs 1, that one again.", min=0)] = 0,
    steps: Annotated[str | None, typer.Option(help="Of that one seed only these: 3,17; or none.")] = None,
    processes: Annotated[int, typer.Option(help="Each with a database of its own.", min=1)] = os.cpu_count() or 1,
) -> None:
    """Notifier and gateway, their real handlers on PostgreSQL, in orders that seeds decide, with deaths in between."""
    pool.quiet()
    only = None if steps is None else tuple(int(step) for step in steps.split(",") if step.isdigit())
    raise typer.Exit(asyncio.run(_main(range(seed, seed + runs), min(processes, runs), only)))


async def _main(seeds: range, processes: int, steps: Steps | None) -> int:
    stack = LazyStack()
    databases = Databases((await stack.env("postgres"))["HAETAE_DATABASE_URL"])
    try:
        async with migrated_database(databases, stack) as url, AsyncExitStack() as kept:
            copies = [fresh(databases, database_of(url)) for _ in range(processes)]
            urls = [await kept.enter_async_context(copy) for copy in copies]
            again = partial(_again, databases, database_of(url), stack.role_passwords)
            if steps is not None:
                return _ended(await again(seeds[0], steps))
            with pool.runs(urls, stack.role_passwords, seeds) as told:
                broken = _watched(told, len(seeds))
            return _ended(await _shortened(broken, partial(again, broken.seed)) if broken else None)
    finally:
        databases.close()
        await stack.stop()


async def _again(databases: Databases, template: str, passwords: dict[str, str], seed: int, steps: Steps) -> Told:
    async with fresh(databases, template) as url, house(Migrated(url, passwords)) as made:
        return await made.run(seed, steps)


async def _shortened(broken: Told, again: Callable[[Steps], Awaitable[Told]]) -> Told:
    """With the fewest steps that break one of the same promises."""
    typer.echo(f"seed {broken.seed} breaks {', '.join(broken.wrong)}: looking for fewer steps that do", err=True)

    async def fails(steps: Steps) -> bool:
        return bool((await again(steps)).wrong.keys() & broken.wrong.keys())

    return await again(await shorter(broken.steps, fails))


def _ended(told: Told | None) -> int:
    if told and told.wrong:
        typer.echo(str(told), err=True)
        return 1
    typer.echo("every promise held")
    return 0


def _watched(runs: Iterator[Told], count: int) -> Told | None:
    """The first that breaks a promise."""
    begun = said = time.monotonic()
    steps = deaths = zombies = 0
    for done, told in enumerate(runs, 1):
        if told.wrong:
            return told
        steps += len(told.trace)
        deaths += sum("dies at" in step or "is killed" in step for step in told.trace)
        zombies += sum("stands still" in step for step in told.trace)
        now = time.monotonic()
        if now - said > SAY_S or done == count:
            said, a_minute = now, done / (now - begun) * 60
            what = f"{steps} steps, {deaths} deaths, {zombies} stood still"
            typer.echo(f"{done} of {count} orders, {what}; {a_minute:.0f} a minute")
    return None


if __name__ == "__main__":
    typer.run(main)
