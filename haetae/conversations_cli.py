"""`haetae conversations`: where watched conversations stand, and what was told of them; never a word of them."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from haetae import access
from haetae.saying import HOME, Home, console, errors, fail, guarded
from services.classifier.conversations.listing import highest, refusals, whole
from shared.text import one_line

conversations = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="For scripts: JSON instead of a table.")]
COLUMNS = ("conversation", "host", "basis", "turns", "risk", "stage", "alerts", "last_cue_at")
LONGEST = 200  # characters of a value on the terminal


@conversations.command("list")
def list_conversations(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most conversations at once.")] = 50,
    as_json: Json = False,
    home: Home = HOME,
) -> None:
    """The conversations of highest risk, and how much was refused for want of a lawful basis."""

    async def do() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        async with access.database("classifier", home) as database, database.transaction() as tx:
            return await highest(tx, limit), await refusals(tx)

    found, refused = guarded(do)
    if as_json:
        _lines(found)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for row in found:
        table.add_row(*(_shown(row[column]) for column in COLUMNS))
    console.print(table)
    for row in refused:
        errors.print(f"refused, {row['lawful_basis']} is not allowed: {row['events']} records, {row['turns']} turns")


@conversations.command("show")
def show(
    name: Annotated[str, typer.Argument(help="The conversation's name, as `list` and alerts give it.")],
    as_json: Json = False,
    home: Home = HOME,
) -> None:
    """Where one conversation stands, why, and the alerts with the turns that led to them."""

    async def do() -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        async with access.database("classifier", home) as database, database.transaction() as tx:
            return await whole(tx, name)

    told, raised = guarded(do)
    if told is None:
        fail(f"{name}: no such conversation; `haetae conversations list` shows what is watched")
    if as_json:
        _lines([{**told, "alerts": raised}])
        return
    for field, value in told.items():
        console.print(Text(f"{field:<16}", "bold"), _shown(value), soft_wrap=True)
    for one in raised:
        console.print(Text(f"alert, {one['stage']}", "bold"), _shown(f"risk {one['risk']:.2f}, {one['raised_at']}"))
        for turn in one["turns"]:
            console.print(_shown(f"  {turn['said_at']}  {turn['stage']:<16} {turn['weight']:.2f}  {turn['turn_id']}"))


def _lines(rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        console.print(json.dumps(row, default=_plain), markup=False, highlight=False, soft_wrap=True)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _shown(value: object) -> Text:
    """What a source says of itself is neither markup nor orders to the terminal."""
    said = f"{value:.2f}" if isinstance(value, float) else "" if value is None else str(value)
    return Text(one_line(said, LONGEST))
