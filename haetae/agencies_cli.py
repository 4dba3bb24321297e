"""`haetae agencies`: the tenants of this Haetae, and which new cases are whose."""

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from haetae import access
from haetae.saying import HOME, Home, console, guarded
from services.gateway.agencies import keeping
from services.gateway.agencies.store import Agency
from shared.text import one_line

agencies = typer.Typer()

Slug = Annotated[str, typer.Argument(help="Its short name, as in `haetae accounts add --agency`.")]
Name = Annotated[str | None, typer.Option(help="As people know it.", show_default=False)]
Contact = Annotated[str | None, typer.Option(help="Whom other agencies turn to.", show_default=False)]
Languages = Annotated[
    list[str] | None, typer.Option("--language", help="What its people read; repeat it.", show_default=False)
]
Hosts = Annotated[
    list[str] | None, typer.Option("--host", help="Takes new cases of this host and those below it; repeat it.")
]
Countries = Annotated[
    list[str] | None, typer.Option("--country", help="Takes new cases of sites of this country (KR); repeat it.")
]
Speaks = Annotated[
    list[str] | None, typer.Option("--content-language", help="Takes new cases in this language (ko); repeat it.")
]
Categories = Annotated[
    list[str] | None, typer.Option("--category", help="Takes new cases of this category; repeat it.")
]
Position = Annotated[int | None, typer.Option(min=0, max=10_000, help="Lower is asked first.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="For scripts: JSON instead of a table.")]
SHOWN = ("agency", "name", "languages", "contact", "position", "takes")


@agencies.command("list")
def list_agencies(as_json: Json = False, home: Home = HOME) -> None:
    """Every agency, in the order in which their rules are asked for a new case."""

    async def do() -> list[Agency]:
        async with access.database("gateway", home) as database, database.transaction() as tx:
            return list(await keeping.known(tx))

    rows = [_told(row) for row in guarded(do)]
    if as_json:
        for row in rows:
            console.print(json.dumps(row, ensure_ascii=False), markup=False, highlight=False, soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in SHOWN:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(one_line(_words(row[name]), 500) for name in SHOWN))
    console.print(table, markup=False)


@agencies.command("add")
def add(
    agency: Slug,
    name: Name = None,
    contact: Contact = None,
    language: Languages = None,
    host: Hosts = None,
    country: Countries = None,
    content_language: Speaks = None,
    category: Categories = None,
    position: Position = None,
    home: Home = HOME,
) -> None:
    """Make an agency. A case is its own when it agrees with every kind of rule given; without one it takes none. So is
    an alert about a conversation, which is of the category grooming_lure."""
    given = _given(name, contact, language, host, country, content_language, category, position)

    async def do() -> None:
        async with access.database("gateway", home) as database, database.transaction() as tx:
            await keeping.add(tx, agency, given)

    guarded(do)
    console.print(f"{agency} is an agency")


@agencies.command("edit")
def edit(
    agency: Slug,
    name: Name = None,
    contact: Contact = None,
    language: Languages = None,
    host: Hosts = None,
    country: Countries = None,
    content_language: Speaks = None,
    category: Categories = None,
    position: Position = None,
    home: Home = HOME,
) -> None:
    """Change what is given; a list replaces the one before. Cases that have their agency keep it."""
    given = _given(name, contact, language, host, country, content_language, category, position)

    async def do() -> None:
        async with access.database("gateway", home) as database, database.transaction() as tx:
            await keeping.change(tx, agency, given)

    guarded(do)
    console.print(f"{agency} is changed")


def _given(*values: object) -> dict[str, Any]:
    names = ("name", "contact", "languages", "hosts", "countries", "speaks", "categories", "position")
    return dict(zip(names, values, strict=True))


def _told(row: Agency) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SHOWN} | {"takes": row.takes.model_dump(mode="json")}


def _words(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {', '.join(found)}" for name, found in value.items() if found) or "-"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
