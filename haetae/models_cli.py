"""`haetae models`: the versions of the text model, what they were measured to be, who judges, and the way back."""

import getpass
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from haetae import access, models_pages
from haetae.saying import HOME, Home, console, fail, guarded
from services.classifier.learning import registry
from services.classifier.learning.registry import ModelRow, Status
from shared.database import Transaction
from shared.failures import Rejected

T = TypeVar("T")

models = typer.Typer()

Version = Annotated[int, typer.Argument(help="The version's number.")]
By = Annotated[str, typer.Option(help="Who does it, kept for ever; who runs the command unless given.")]
Why = Annotated[str, typer.Option(help="Why, kept for ever.")]
Json = Annotated[bool, typer.Option("--json", help="For scripts: JSON instead of a table.")]
SEE = "`haetae models list` shows what there is"


@models.command("list")
def list_models(as_json: Json = False, home: Home = HOME) -> None:
    """Every version with its part, its figures, and since when, the newest first."""
    rows = _run(registry.versions, home)
    if as_json:
        models_pages.print_lines(rows)
    else:
        models_pages.print_table(rows)


@models.command("show")
def show(version: Version, home: Home = HOME) -> None:
    """One version: its figures, and everything that became of it."""

    async def do(tx: Transaction) -> tuple[ModelRow, list[registry.PromotionRow]]:
        return await _existing(tx, version), list(await registry.log_of(tx, version=version))

    models_pages.print_whole(*_run(do, home))


@models.command("card")
def card(version: Version, home: Home = HOME) -> None:
    """Its model card: what it learned from, what was measured, where it ends. Markdown."""
    console.print(_run(lambda tx: _existing(tx, version), home).card, markup=False, highlight=False, soft_wrap=True)


@models.command("history")
def history(home: Home = HOME) -> None:
    """Every promotion, refusal and return, with who and why, the oldest first."""
    models_pages.print_log(_run(registry.log_of, home))


@models.command("train")
def train_now(
    model: Annotated[Path, typer.Option(help="The installed model that it starts from.", file_okay=False)] = Path(
        "var/models/text"
    ),
    scripted: Annotated[bool, typer.Option("--scripted", help="Learn from the verdicts of a script too.")] = False,
    by: By = "",
    home: Home = HOME,
) -> None:
    """Train with all verdicts now. What passes the gate goes into the shadow, beside the champion."""
    from services.classifier.learning.turns import (  # scikit-learn: two seconds that only this command needs
        Outcome,
        guarded_trainer,
        train,
    )

    async def do() -> Outcome | None:
        async with access.database("classifier", home) as database, guarded_trainer() as trainer:
            return await train(database, model.absolute(), trainer, scripted=scripted, by=_who(by))

    outcome = guarded(do)
    if outcome is None:
        fail("another training is going on; it is told in the classifier's log when it ends")
    if outcome.version is None:
        fail(f"nothing was trained: {outcome.reason}")
    said = "passed the gate and is in the shadow" if outcome.passed else "was refused"
    console.print(f"version {outcome.version} {said}: {outcome.reason}", markup=False, highlight=False, soft_wrap=True)


@models.command("promote")
def promote(
    version: Version,
    why: Why,
    to: Annotated[str, typer.Option(help="shadow, canary or champion; the next step unless given.")] = "",
    by: By = "",
    home: Home = HOME,
) -> None:
    """Let a version take the next step, or the one that is named, without waiting; in every classifier at once."""
    if to and to not in (*registry.ON_TRIAL, Status.CHAMPION):
        raise typer.BadParameter("choose shadow, canary or champion", param_hint="--to")
    row = _run(lambda tx: registry.promote(tx, version, Status(to) if to else None, _who(by), why), home)
    console.print(f"version {row.version} is {row.status}")


@models.command("rollback")
def rollback(why: Why, by: By = "", home: Home = HOME) -> None:
    """The champion before this one judges again, in every classifier at once; a running trial ends."""
    now, before = _run(lambda tx: registry.roll_back(tx, _who(by), why), home)
    console.print(f"version {now.version} judges again, version {before.version} is retired")


async def _existing(tx: Transaction, version: int) -> ModelRow:
    row = await tx.get(ModelRow, version)
    if row is None:
        raise Rejected(f"there is no version {version}; {SEE}")
    return row


def _who(by: str) -> str:
    return by.strip() or getpass.getuser()


def _run(work: Callable[[Transaction], Awaitable[T]], home: Path) -> T:
    async def do() -> T:
        async with access.database("classifier", home) as database, database.transaction() as tx:
            return await work(tx)

    return guarded(do)
