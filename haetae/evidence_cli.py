"""`haetae evidence`: sealed evidence of a case: bundles, holds, retention, destruction."""

import typer

evidence = typer.Typer(no_args_is_help=True, help="Sealed evidence: what is kept, for how long, and what must go.")
