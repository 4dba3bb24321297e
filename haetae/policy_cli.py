"""`haetae policy`: from which risk a finding becomes a case, and how much each component counts."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from haetae import rules_pages
from haetae.rules_cli import MOST_VERSIONS, By, Last, Why, built_in_policy, checked, run
from haetae.saying import HOME, Home
from services.classifier.risk import dry_run, editing, store
from services.classifier.risk.policy import Policy

policy = typer.Typer()

File = Annotated[Path, typer.Argument(help="TOML.", exists=True, dir_okay=False)]


@policy.command("show")
def show(home: Home = HOME) -> None:
    """The present policy as TOML, as `set` reads it; the built-in one while the agency wrote none."""
    built_in = checked(built_in_policy)
    rules_pages.say(rules_pages.policy_text(run(lambda tx: store.policy_at_work(tx, built_in), home)))


@policy.command("set")
def put(file: File, why: Why, by: By = "", home: Home = HOME) -> None:
    """Judge by this policy, within a second, in every classifier. What it leaves out is as built in."""
    new = checked(lambda: _read(file))
    row = run(lambda tx: editing.set_policy(tx, new, by or getpass.getuser(), why), home)
    rules_pages.say(f"policy version {row.version} judges")


@policy.command("dry-run")
def try_out(file: File, last: Last = dry_run.USUAL, home: Home = HOME) -> None:
    """What this policy would have changed of the last findings."""
    new = checked(lambda: _read(file))
    built_in = checked(built_in_policy)
    rules_pages.print_dry_run(run(lambda tx: dry_run.of_policy(tx, new, last, built_in), home))


@policy.command("history")
def history(home: Home = HOME) -> None:
    """Every version, the newest first: who, when, why."""
    rules_pages.print_history(run(lambda tx: store.policy_history(tx, MOST_VERSIONS), home))


def _read(file: Path) -> Policy:
    return Policy.from_toml(file.read_text(encoding="utf-8"))
