"""`haetae inbox`: mails to the agency that answer no notice for certain, and whose case they are."""

import getpass
import json
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from haetae import access
from haetae.saying import HOME, Home, console, guarded
from services.notifier.inbox.assigning import assign as assigned
from services.notifier.inbox.assigning import waiting
from services.notifier.inbox.store import UnmatchedRow
from services.notifier.store import Delivery
from shared.events import AnswerKind
from shared.notices import reference
from shared.text import one_line

inbox = typer.Typer()

COLUMNS = ("mail", "arrived", "sender", "subject", "seems", "case", "why")
LONGEST = 80  # characters of a value on the terminal


@inbox.command("list")
def list_mails(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most mails at once.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: JSON instead of a table.")] = False,
    home: Home = HOME,
) -> None:
    """What waits to be assigned, the newest first. The mails themselves are in the mailbox: nothing was deleted."""

    async def do() -> list[dict[str, str]]:
        async with access.database("notifier", home) as database, database.transaction() as tx:
            return [_line(row) for row in await waiting(tx, limit)]

    found = guarded(do)
    if as_json:
        for line in found:
            typer.echo(json.dumps(line, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for line in found:
        table.add_row(line["mail"][:8], line["arrived"][:16], *(one_line(line[name], LONGEST) for name in COLUMNS[2:]))
    console.print(table)


@inbox.command("assign")
def assign(
    mail: Annotated[str, typer.Argument(help="The mail's id, or its first eight letters.")],
    case: Annotated[str, typer.Argument(help="The case's id, or its reference (HT-…).")],
    notice: Annotated[
        UUID | None, typer.Option(help="The notice that it answers, where several went out.", show_default=False)
    ] = None,
    kind: Annotated[
        AnswerKind | None, typer.Option(help="What it says; as the program read it unless given.", show_default=False)
    ] = None,
    by: Annotated[str, typer.Option(help="Who says so, kept with it; who runs the command unless given.")] = "",
    home: Home = HOME,
) -> None:
    """Let a mail count as an answer to a case."""

    async def do() -> Delivery | None:
        who = by or getpass.getuser()
        told = access.changing("notifier", home, "inbox assign", [mail, case], who)
        async with told as database, database.transaction() as tx:
            return await assigned(tx, mail, case, by=who, kind=kind, notice_id=notice)

    answered = guarded(do)
    whose = f"the notice to {answered.address}" if answered else "no single notice of it"
    console.print(f"assigned to case {case}: answers {whose}")


def _line(row: UnmatchedRow) -> dict[str, str]:
    return {
        "mail": str(row.mail_id),
        "arrived": row.arrived_at.isoformat(),
        "sender": row.sender,
        "subject": row.subject,
        "seems": f"{row.kind} {row.ticket}".strip(),
        "case": reference(row.case_id) if row.case_id else "",
        "why": row.why,
    }
