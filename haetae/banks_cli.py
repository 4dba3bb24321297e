"""`haetae banks`: hash banks, what they say of themselves, and who changed them."""

import getpass
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from haetae import access
from haetae.saying import HOME, Home, console, fail, guarded
from services.classifier.hashes import banks as control
from services.classifier.hashes.changes import Author, bank_history
from services.classifier.hashes.entries import FOREIGN_THRESHOLD, Kind, Source
from services.classifier.hashes.store import Bank, BankChange

banks = typer.Typer()

Name = Annotated[str, typer.Argument(help="The bank's name.")]
By = Annotated[str, typer.Option(help="Who changes it; kept for ever.", default_factory=getpass.getuser)]
Why = Annotated[str, typer.Option(help="Why; kept for ever.")]
SourceOption = Annotated[Source, typer.Option(help="Who gave its hashes.")]
KindOption = Annotated[Kind, typer.Option(help="harmless: what is nearer to it than to a known hash is no match.")]
Agency = Annotated[str, typer.Option(help="The agency whose bank it is.")]
Category = Annotated[str, typer.Option(help="Category of hashes that are listed without one.")]
Threshold = Annotated[
    int, typer.Option(min=0, max=90, help="Differing bits of PDQ, for hashes that are listed without their own.")
]
Provenance = Annotated[str, typer.Option(help="Where its hashes come from, in words.")]
Shared = Annotated[bool, typer.Option("--shared/--private", help="Whether its hashes may be given to other agencies.")]
DAY = ["%Y-%m-%d"]
From = Annotated[datetime | None, typer.Option("--from", formats=DAY, help="Counts from this day on (UTC).")]
Until = Annotated[datetime | None, typer.Option("--until", formats=DAY, help="Counts no more from this day on (UTC).")]


@banks.command("list")
def list_banks(home: Home = HOME) -> None:
    """Every bank, with how many hashes it has."""

    async def do() -> list[control.Figures]:
        async with access.database("classifier", home) as database, database.transaction() as tx:
            return list(await control.figures(tx))

    table = Table("bank", "kind", "source", "agency", "hashes", "off", "threshold", "counts", box=None)
    for bank, hashes, off in guarded(do):
        table.add_row(
            bank.name,
            bank.kind,
            bank.source,
            bank.agency,
            f"{hashes:,}",
            f"{off:,}",
            str(bank.threshold),
            _counts(bank),
        )
    console.print(table)


@banks.command("add")
def add(
    name: Name,
    by: By,
    source: SourceOption = Source.AGENCY,
    kind: KindOption = Kind.KNOWN,
    agency: Agency = "",
    category: Category = "",
    threshold: Threshold = FOREIGN_THRESHOLD,
    provenance: Provenance = "",
    shared: Shared = False,
    valid_from: From = None,
    valid_until: Until = None,
    why: Why = "",
    home: Home = HOME,
) -> None:
    """Make an empty bank. `haetae hashes import` makes missing ones by itself."""

    async def do() -> None:
        draft = control.draft_of(
            {
                "source": source, "kind": kind, "agency": agency, "category": category, "threshold": threshold,
                "provenance": provenance, "shared": shared, **_validity(valid_from, valid_until),
            }
        )  # fmt: skip
        async with access.changing("classifier", home, "banks add", [name], by) as database:
            await control.add_bank(database, name, draft, Author(by, why))

    guarded(do)
    console.print(f"bank {name!r} is there", markup=False)


@banks.command("set")
def change(
    name: Name,
    by: By,
    why: Why,
    source: Annotated[Source | None, typer.Option(help="Who gave its hashes.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="known or harmless.")] = None,
    agency: Annotated[str | None, typer.Option(help="The agency whose bank it is.")] = None,
    category: Annotated[str | None, typer.Option(help="Category of hashes that are listed without one.")] = None,
    threshold: Annotated[int | None, typer.Option(min=0, max=90, help="Differing bits of PDQ.")] = None,
    provenance: Annotated[str | None, typer.Option(help="Where its hashes come from, in words.")] = None,
    shared: Annotated[bool | None, typer.Option("--shared/--private", help="May be given to others.")] = None,
    valid_from: From = None,
    valid_until: Until = None,
    every_hash: Annotated[
        bool, typer.Option("--every-hash", help="With --threshold: also for hashes that were listed with their own.")
    ] = False,
    always: Annotated[bool, typer.Option("--always", help="Valid from ever, for ever.")] = False,
    home: Home = HOME,
) -> None:
    """Change what a bank says of itself; classifiers follow within a second.

    Its hashes follow a new threshold, but for those that were listed with one of their own.
    """
    given = {
        "source": source, "kind": kind, "agency": agency, "category": category, "threshold": threshold,
        "provenance": provenance, "shared": shared, **_validity(valid_from, valid_until),
    }  # fmt: skip
    new: dict[str, object] = {field: value for field, value in given.items() if value is not None}
    if always:
        new |= {"valid_from": None, "valid_until": None}
    if not new:
        raise typer.BadParameter("say what shall change; `haetae banks set --help` shows what can", param_hint="NAME")

    async def do() -> int:
        async with access.changing("classifier", home, "banks set", [name], by) as database:
            return await control.set_bank(database, name, new, Author(by, why), every_hash=every_hash)

    followed = guarded(do)
    console.print(f"bank {name!r} changed{f'; {followed:,} hashes follow' if followed else ''}", markup=False)


@banks.command("disable")
def disable(name: Name, by: By, why: Why, home: Home = HOME) -> None:
    """Match against this bank no more."""
    _switch(name, False, Author(by, why), home)


@banks.command("enable")
def enable(name: Name, by: By, why: Why, home: Home = HOME) -> None:
    """Match against this bank again, also what was seen meanwhile."""
    _switch(name, True, Author(by, why), home)


@banks.command("history")
def history(
    name: Name, limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most lines.")] = 50, home: Home = HOME
) -> None:
    """Who changed what of a bank, when and why; the newest first."""

    async def do() -> list[BankChange]:
        async with access.database("classifier", home) as database, database.transaction() as tx:
            return list(await bank_history(tx, name, limit))

    table = Table("when", "by", "what", "why", "details", box=None)
    for line in guarded(do):
        details = ", ".join(f"{key} {value}" for key, value in line.details.items() if value not in ("", None))
        table.add_row(f"{line.changed_at:%Y-%m-%d %H:%M:%S}", line.changed_by, line.what, line.why, details)
    console.print(table)


def _switch(name: str, on: bool, author: Author, home: Path) -> None:
    async def do() -> bool:
        command = f"banks {'enable' if on else 'disable'}"
        async with access.changing("classifier", home, command, [name], author.by) as database:
            return await control.switch_bank(database, name, on, author)

    state = "enabled" if on else "disabled"
    if not guarded(do):
        fail(f"bank {name!r} is {state} already")
    console.print(f"bank {name!r} is {state}", markup=False)


def _validity(valid_from: datetime | None, valid_until: datetime | None) -> Mapping[str, datetime | None]:
    days = {"valid_from": valid_from, "valid_until": valid_until}
    return {name: day.replace(tzinfo=UTC) if day else None for name, day in days.items()}


def _counts(bank: Bank) -> str:
    if not bank.enabled:
        return "disabled"
    since = f"from {bank.valid_from:%Y-%m-%d}" if bank.valid_from else ""
    until = f"until {bank.valid_until:%Y-%m-%d}" if bank.valid_until else ""
    return " ".join(part for part in (since, until) if part) or "yes"
