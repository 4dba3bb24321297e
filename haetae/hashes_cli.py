"""`haetae hashes`: listing hashes in banks, finding them, switching single ones off."""

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from haetae import access, imports
from haetae.banks_cli import Agency, By, Category, Provenance, Shared, Threshold, Why
from haetae.export import write_hashes
from haetae.hash_exports import OTHERS, OWN, Wanted, export_bank
from haetae.hash_imports import AUTO, FORMATS, Imported, Source, import_hashes, source_of
from haetae.saying import HOME, Home, bar, console, fail, finish, guarded
from services.classifier.hashes import entries
from services.classifier.hashes.banks import draft_of
from services.classifier.hashes.changes import Author
from services.classifier.hashes.exchange.keys import new_key
from services.classifier.hashes.hash_files import HEADER
from services.classifier.hashes.listing import Found, find_hash, switch_hashes
from shared.clock import SystemClock

hashes = typer.Typer()

Bank = Annotated[str, typer.Argument(help="The bank's name.")]
Entry = Annotated[str | None, typer.Option(help="All hashes of this entry; NAME/* of all whose names begin so.")]
Hash = Annotated[str | None, typer.Option("--hash", help="This hash alone, hexadecimal.")]
Variant = Annotated[str | None, typer.Option(help="Of these only this variant.")]


@hashes.command(
    "import",
    help="Add hashes to banks; a bank that is missing is made as the options say."
    f"\n\nCSV header: {HEADER}, of which the last three may be missing; algorithms: {', '.join(entries.Algorithm)}."
    " JSON lines have these names. Lists of others name no bank: theirs is --bank, or the file's name."
    "\n\nA wrong line is named with its number and the cure; the others are taken.",
)
def import_file(
    file: Annotated[Path, typer.Argument(help="The list.", exists=True, dir_okay=False)],
    by: By,
    format: Annotated[str, typer.Option(help=f"{', '.join(FORMATS)}.")] = AUTO,
    bank: Annotated[str, typer.Option(help="The bank, for lists that name none.")] = "",
    source: Annotated[
        entries.Source | None,
        typer.Option(help="Who gave its hashes; agency unless given, exchange for the forms of exchanges."),
    ] = None,
    kind: Annotated[entries.Kind | None, typer.Option(help="harmless: for a bank of what is no match.")] = None,
    agency: Agency = "",
    category: Category = "",
    threshold: Threshold = entries.FOREIGN_THRESHOLD,
    provenance: Provenance = "",
    shared: Shared = False,
    trusted: Annotated[
        Path | None, typer.Option(help="File of trusted keys, for signed lists.", dir_okay=False)
    ] = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Let a list of an exchange into a bank of one's own, and count as that.")
    ] = False,
    older: Annotated[
        bool, typer.Option("--older", help="Take a signed list also when a newer one was taken already.")
    ] = False,
    why: Why = "",
    home: Home = HOME,
) -> None:
    async def do() -> Imported:
        draft = draft_of(
            {
                "source": source or source_of(file, format), "agency": agency, "category": category,
                "threshold": threshold, "provenance": provenance, "shared": shared, **({"kind": kind} if kind else {}),
            }
        )  # fmt: skip
        async with access.changing("classifier", home, "hashes import", [file.name], by) as database:
            with bar("hashes") as progress:
                given = Source(file, format, bank, draft, trusted, trust, older)
                return await import_hashes(database, given, Author(by, why), progress)

    done = guarded(do)
    told = f", {done.withdrawn:,} withdrawn" if done.withdrawn else ""
    told += f", {done.wrong:,} problems" if done.wrong else ""
    console.print(f"{done.taken} hashes imported from {file}, {done.new} of them new{told}", markup=False)
    for name in done.off:
        command = f"haetae banks enable {shlex.quote(name)} --why …"
        console.print(f"bank {name!r} is switched off, nothing is matched with it: {command}", markup=False)
    finish(done.problems)


@hashes.command("compute")
def compute(
    folder: Annotated[Path, typer.Argument(help="Folder of pictures and videos.", exists=True, file_okay=False)],
    bank: Annotated[str, typer.Option(help="Name of the bank.")],
    category: Annotated[str, typer.Option(help="Category of all of them.")],
    out: Annotated[Path, typer.Option(help="The CSV file to write.")] = Path("hashes.csv"),
) -> None:
    """Write the hashes of pictures and videos to a file for `import`: they themselves never leave the folder."""
    if not bank.strip() or not category.strip():
        raise typer.BadParameter("give a name, not blanks", param_hint="--bank, --category")

    async def do() -> tuple[int, list[str]]:
        with bar("files") as progress:
            by_bank, problems = imports.compute_hashes(folder, bank, category, progress)
        return write_hashes(by_bank, out), problems

    written, problems = guarded(do)
    console.print(f"{written} hashes written to {out}")
    finish(problems)


@hashes.command("export")
def export(
    bank: Bank,
    file: Annotated[Path, typer.Argument(help="To be written.", dir_okay=False)],
    format: Annotated[str, typer.Option(help=f"For oneself {', '.join(OWN)}; for others {', '.join(OTHERS)}.")] = "csv",
    agency: Annotated[str, typer.Option(help="As whom it is given to others.")] = "",
    key: Annotated[Path | None, typer.Option(help="Private key, to sign with.", exists=True, dir_okay=False)] = None,
    home: Home = HOME,
) -> None:
    """Write a bank's hashes, but for those that are switched off. csv and jsonl can be imported again."""

    async def do() -> int:
        wanted = Wanted(bank, format, agency, key, SystemClock().now())
        async with access.changing("classifier", home, "hashes export", [bank]) as database:
            return await export_bank(database, wanted, file)

    console.print(f"{guarded(do)} hashes of bank {bank!r} written to {file}", markup=False)


@hashes.command("keygen")
def keygen(file: Annotated[Path, typer.Argument(help="The private key, to be written.", dir_okay=False)]) -> None:
    """Make a key to sign lists with, and print what partners add to their trusted keys."""

    async def do() -> str:
        return new_key(file)

    console.print(guarded(do), markup=False, highlight=False, soft_wrap=True)


@hashes.command("find")
def find(given: Annotated[str, typer.Argument(metavar="HASH", help="Hexadecimal.")], home: Home = HOME) -> None:
    """Where exactly this hash is listed."""

    async def do() -> list[Found]:
        async with access.database("classifier", home) as database, database.transaction() as tx:
            return list(await find_hash(tx, given))

    found = guarded(do)
    if not found:
        fail("it is listed nowhere")
    table = Table("bank", "entry", "algorithm", "variant", "threshold", "category", "listed", "off", box=None)
    for one in found:
        off = f"since {one.disabled_at:%Y-%m-%d}: {one.disabled_why}" if one.disabled_at else ""
        listed = f"{one.added_at:%Y-%m-%d}"
        table.add_row(
            one.bank, one.entry, one.algorithm, one.variant, str(one.threshold), one.category, listed, off
        )  # fmt: skip
    console.print(table)


@hashes.command("disable")
def disable(
    bank: Bank, by: By, why: Why, entry: Entry = None, hash_: Hash = None, variant: Variant = None, home: Home = HOME
) -> None:
    """Match against these hashes no more. They stay listed, so that importing again does not bring them back."""
    _switch(bank, {"entry": entry, "hash": hash_, "variant": variant}, False, Author(by, why), home)


@hashes.command("enable")
def enable(
    bank: Bank, by: By, why: Why, entry: Entry = None, hash_: Hash = None, variant: Variant = None, home: Home = HOME
) -> None:
    """Match against these hashes again, also what was seen meanwhile."""
    _switch(bank, {"entry": entry, "hash": hash_, "variant": variant}, True, Author(by, why), home)


def _switch(bank: str, given: dict[str, str | None], on: bool, author: Author, home: Path) -> None:
    chosen = {name: value for name, value in given.items() if value is not None}
    if not chosen.keys() & {"entry", "hash"}:
        raise typer.BadParameter(
            "name what is meant; `haetae banks` switches whole banks", param_hint="--entry, --hash"
        )

    async def do() -> int:
        command = f"hashes {'enable' if on else 'disable'}"
        async with access.changing("classifier", home, command, [bank], author.by) as database:
            return await switch_hashes(database, bank, chosen, on, author)

    console.print(f"{guarded(do)} hashes {'enabled' if on else 'disabled'}")
