"""`haetae rules`: what the agency's rules are, and what they do or would do."""

import getpass
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from haetae import access, rules_pages
from haetae.saying import HOME, Home, fail, finish, guarded
from services.classifier.risk import dry_run, editing, store
from services.classifier.risk.expression import Expression
from services.classifier.risk.policy import Policy
from services.classifier.risk.rule_tests import failing
from services.classifier.risk.rules import Mode, Rule, RulesInvalid
from shared.database import Transaction
from shared.failures import Failure

T = TypeVar("T")

rules = typer.Typer()

Name = Annotated[str, typer.Argument(help="The rule's name.")]
What = Annotated[str, typer.Argument(help="A file of the rule (TOML), or the name of one that is kept.")]
By = Annotated[str, typer.Option(help="Who changes it, kept for ever; who runs the command unless given.")]
Why = Annotated[str, typer.Option(help="Why, kept for ever.")]
Last = Annotated[int, typer.Option(min=1, max=100_000, help="So many findings, the newest.")]
Json = Annotated[bool, typer.Option("--json", help="For scripts: JSON instead of a table.")]
MOST_VERSIONS = 100
FLAG_FROM = "HAETAE_FLAG_FROM"  # of the classifier
SEE = "`haetae rules list` shows what there is"


@rules.command("list")
def list_rules(as_json: Json = False, home: Home = HOME) -> None:
    """Every rule with its mode, and what its present version did so far: alone, it flags or clears so many."""

    async def do(tx: Transaction) -> list[tuple[store.RuleVersion, store.Effects]]:
        return [(row, await store.effects(tx, row.name, row.version)) for row in await store.newest_rules(tx)]

    rows = run(do, home)
    if as_json:
        rules_pages.print_lines(
            {**row.rule, "mode": row.mode, "version": row.version, **vars(done)} for row, done in rows
        )
    else:
        rules_pages.print_rules(rows)


@rules.command("facts")
def facts() -> None:
    """What a rule may ask about."""
    rules_pages.print_facts()


@rules.command("show")
def show(
    name: Name,
    version: Annotated[int | None, typer.Option(help="An earlier one.", show_default=False)] = None,
    home: Home = HOME,
) -> None:
    """A rule as TOML, as `add` reads it."""
    rules_pages.say(rules_pages.rule_text(run(lambda tx: _kept(tx, name, version), home)))


@rules.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="TOML.", exists=True, dir_okay=False)],
    why: Why,
    by: By = "",
    home: Home = HOME,
) -> None:
    """Keep a rule, or a new version of one. A new rule is off; one that worked goes on in shadow."""
    rule = checked(lambda: _read(file))
    row = run(lambda tx: editing.save(tx, rule, by or getpass.getuser(), why), home)
    rules_pages.say(f"{row.name} is kept as version {row.version}, in mode {row.mode}")
    finish(failing(Expression(rule.when), rule.tests))


@rules.command("test")
def run_tests(what: What, home: Home = HOME) -> None:
    """Run the rule's own tests."""
    rule = _rule(what, home)
    expression = checked(lambda: Expression(rule.when))
    failed = failing(expression, rule.tests)
    rules_pages.say(f"{len(rule.tests) - len(failed)} of {len(rule.tests)} tests pass")
    finish(failed)


@rules.command("dry-run")
def try_out(what: What, last: Last = dry_run.USUAL, home: Home = HOME) -> None:
    """What the rule would have changed of the last findings, beside the live rules."""
    rule = _rule(what, home)
    built_in = checked(built_in_policy)
    rules_pages.print_dry_run(run(lambda tx: dry_run.of_rule(tx, rule, last, built_in), home))


@rules.command("off")
def off(name: Name, why: Why, by: By = "", home: Home = HOME) -> None:
    """The rule is evaluated no more."""
    _set_mode(name, Mode.OFF, why, by, home)


@rules.command("shadow")
def shadow(name: Name, why: Why, by: By = "", home: Home = HOME) -> None:
    """The rule is evaluated on live findings and its effects are counted; it changes nothing."""
    _set_mode(name, Mode.SHADOW, why, by, home)


@rules.command("live")
def live(name: Name, why: Why, by: By = "", home: Home = HOME) -> None:
    """The rule decides, within a second, in every classifier. Its tests must pass."""
    _set_mode(name, Mode.LIVE, why, by, home)


@rules.command("rollback")
def rollback(
    name: Name,
    to: Annotated[
        int | None, typer.Option(help="The version; the one before unless given.", show_default=False)
    ] = None,
    why: Why = "",
    by: By = "",
    home: Home = HOME,
) -> None:
    """The content and mode of an earlier version again, as a new version."""
    row = run(lambda tx: editing.roll_back(tx, name, to, by or getpass.getuser(), why), home)
    rules_pages.say(f"{row.name}: version {row.version}, in mode {row.mode} ({row.why})")


@rules.command("history")
def history(name: Name, home: Home = HOME) -> None:
    """Every version, the newest first: who, when, why."""
    rows = run(lambda tx: store.history(tx, name, MOST_VERSIONS), home)
    if not rows:
        fail(f"there is no rule {name!r}; {SEE}")
    rules_pages.print_history(rows)


def run(work: Callable[[Transaction], Awaitable[T]], home: Path) -> T:
    """In one transaction of the classifier's tables."""

    async def do() -> T:
        async with access.database("classifier", home) as database, database.transaction() as tx:
            return await work(tx)

    return guarded(do)


def built_in_policy() -> Policy:
    """What judges where the agency wrote none, if the classifier has the same environment. Raises `ValueError`."""
    given = os.environ.get(FLAG_FROM)
    return Policy.model_validate({"flag_from": given} if given else {})


def checked(work: Callable[[], T]) -> T:
    """What a person can put right is said in one line instead of a traceback."""
    try:
        return work()
    except (ValueError, OSError, Failure) as error:
        fail(str(error))


def _set_mode(name: str, mode: Mode, why: str, by: str, home: Path) -> None:
    row = run(lambda tx: editing.set_mode(tx, name, mode, by or getpass.getuser(), why), home)
    rules_pages.say(f"{row.name} is {row.mode} (version {row.version})")


def _rule(what: str, home: Path) -> Rule:
    if Path(what).is_file():
        return checked(lambda: _read(Path(what)))
    return run(lambda tx: _kept(tx, what, None), home)


def _read(file: Path) -> Rule:
    return Rule.from_toml(file.read_text(encoding="utf-8"))


async def _kept(tx: Transaction, name: str, version: int | None) -> Rule:
    row = await (store.newest_rule(tx, name) if version is None else tx.get(store.RuleVersion, (name, version)))
    if row is None:
        which = name if version is None else f"{name} version {version}"
        raise RulesInvalid(f"there is no rule {which!r}, and no such file; {SEE}")
    return row.content()
