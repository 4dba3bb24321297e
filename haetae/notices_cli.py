"""`haetae notices`: the words that go out, checked before any do."""

from pathlib import Path
from typing import Annotated

import typer

from haetae.notices_next import due, next_steps
from haetae.notices_reconcile import reconcile
from haetae.saying import console, fail, finish
from services.drafter.datafile import BadDataFile
from services.drafter.law import load_laws
from services.drafter.lint import lint as faults
from services.drafter.wording import load_wording

notices = typer.Typer()
notices.command("next")(next_steps)
notices.command("due")(due)
notices.command("reconcile")(reconcile)

Folder = Annotated[
    Path | None,
    typer.Argument(help="The agency's own templates, beside which the others count.", exists=True, file_okay=False),
]
LawsFile = Annotated[
    Path | None, typer.Option("--laws", help="The agency's own laws.toml.", exists=True, dir_okay=False)
]


@notices.command("lint")
def lint(folder: Folder = None, laws: LawsFile = None) -> None:
    """Wrong placeholders, typed numbers and addresses, fields that no words prove: each with file, line and cure."""
    try:
        found = faults(load_laws(laws), load_wording(), folder)
    except (BadDataFile, OSError) as error:
        fail(str(error))
    finish([str(fault) for fault in found])
    console.print("every template proves what every law demands")
