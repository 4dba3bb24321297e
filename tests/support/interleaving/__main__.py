"""`python -m tests.support.interleaving`: one seed after the other, until one breaks a promise."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Annotated

import structlog
import typer

from tests.support.interleaving.house import house
from tests.support.stack import Databases, LazyStack, Migrated, migrated_database

SAY_S = 5.0


def main(
    runs: Annotated[int, typer.Option(help="How many orders of things.", min=1)] = 1000,
    seed: Annotated[int, typer.Option(help="The first of them; with --runs 1, that one again.", min=0)] = 0,
) -> None:
    """Notifier and gateway, their real handlers on PostgreSQL, in orders that seeds decide, with deaths in between."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    raise typer.Exit(asyncio.run(_main(runs, seed)))


async def _main(runs: int, first: int) -> int:
    stack = LazyStack()
    databases = Databases((await stack.env("postgres"))["HAETAE_DATABASE_URL"])
    try:
        async with migrated_database(databases, stack) as url:
            return await _runs(Migrated(url, stack.role_passwords), range(first, first + runs))
    finally:
        databases.close()
        await stack.stop()


async def _runs(migrated: Migrated, seeds: range) -> int:
    begun = said = time.monotonic()
    steps = deaths = 0
    async with house(migrated) as made:
        for done, seed in enumerate(seeds, 1):
            told = await made.run(seed)
            if told.wrong:
                typer.echo(str(told), err=True)
                return 1
            steps += len(told.trace)
            deaths += sum("dies at" in step or "is killed" in step for step in told.trace)
            now = time.monotonic()
            if now - said > SAY_S or done == len(seeds):
                said, a_minute = now, done / (now - begun) * 60
                typer.echo(f"{done} of {len(seeds)} orders, {steps} steps, {deaths} deaths; {a_minute:.0f} a minute")
    typer.echo("every promise held")
    return 0


if __name__ == "__main__":
    typer.run(main)
