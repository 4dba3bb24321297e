"""`haetae dead-letters`: what services could not handle and put aside: looked at, put back, given up."""

import getpass
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from haetae import access
from haetae.dead_letters import desk, showing
from haetae.dead_letters.choosing import Wanted
from haetae.dead_letters.options import choosing
from haetae.saying import HOME, Home, console, fail, guarded
from shared.bus.letters import Letter, before
from shared.events import TOPICS

dead_letters = typer.Typer(no_args_is_help=True, help="What services could not handle, and put aside.")

PUBLIC = frozenset(topic.name for topic in TOPICS if topic.public)

Json = Annotated[bool, typer.Option("--json", help="For programs: a JSON object a line.")]
By = Annotated[str, typer.Option(help="Who does it, kept for ever; who runs the command unless given.")]
Do = Annotated[bool, typer.Option("--do", help="Do it; without, the command says what it would do.")]


@dead_letters.command("list")
@choosing
def list_letters(
    wanted: Wanted,
    ended: Annotated[bool, typer.Option("--ended", help="Those that were put back or given up, too.")] = False,
    as_json: Json = False,
    home: Home = HOME,
) -> None:
    """Letters that wait, with the reason. Errors about what people wrote show their class alone."""
    found = _chosen(replace(wanted, ended=ended), home)[1]
    if as_json:
        for letter in found:
            typer.echo(json.dumps(showing.whole(letter, values=False), ensure_ascii=False))
    else:
        console.print(showing.table(found))
        console.print(f"{len(found)} letters")


@dead_letters.command("show")
def show(
    name: Annotated[str, typer.Argument(help="A letter, as `list` names it.")],
    values: Annotated[
        bool, typer.Option("--values", help="With its words. The audit history then says who read them.")
    ] = False,
    by: By = "",
    home: Home = HOME,
) -> None:
    """One letter as JSON; of texts their length alone, unless --values asks for them."""
    (letter,) = _named(Wanted(names=frozenset({name}), ended=True), home)[1]
    if values:
        _tell("dead-letters show", [letter], by, home)
    typer.echo(json.dumps(showing.whole(letter, values), ensure_ascii=False, indent=1))


@dead_letters.command("replay")
@choosing
def replay(
    wanted: Wanted,
    everything: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    out_of_order: Annotated[
        bool, typer.Option("--out-of-order", help="Also where an older letter of the same key stays aside.")
    ] = False,
    do: Do = False,
    by: By = "",
    home: Home = HOME,
) -> None:
    """Put letters back into their topics, after the cause is mended. Services that handled them know them by their id.

    They come after what was written since: what a case has seen meanwhile, it saw before them.
    """
    everyone, chosen = _narrowed(wanted, everything, home)
    if public := sorted(letter.name for letter in chosen if letter.topic in PUBLIC):
        fail(
            f"{', '.join(public)}: agencies read that topic, would hear it as news; the operator may not write there. "
            "Mend the cause, and give them up (discard)"
        )
    older = before(everyone, chosen)
    if older and not out_of_order:
        pairs = "; ".join(f"{name} comes after {letter.name}" for name, letter in older.items())
        fail(f"their order would change ({pairs}): put both back, give up the older, or say --out-of-order")
    if not _asked(chosen, do, "put back"):
        return

    async def work() -> None:
        async with desk.opened(home) as opened:
            await opened.replay(chosen, by or getpass.getuser())

    _tell("dead-letters replay", chosen, by, home)
    guarded(work)
    keys = len({(letter.topic, letter.record.key) for letter in chosen})
    console.print(f"{len(chosen)} letters of {keys} keys put back, after what was written since; look how they end")


@dead_letters.command("discard")
@choosing
def discard(
    wanted: Wanted,
    everything: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    do: Do = False,
    by: By = "",
    home: Home = HOME,
) -> None:
    """Give letters up: they are shown no more. The broker keeps them until its retention or `erase` removes them."""
    _, chosen = _narrowed(wanted, everything, home)
    if not _asked(chosen, do, "given up"):
        return

    async def work() -> None:
        async with desk.opened(home) as opened:
            await opened.discard(chosen, by or getpass.getuser())

    _tell("dead-letters discard", chosen, by, home)
    guarded(work)
    console.print(f"{len(chosen)} letters given up")


@dead_letters.command("erase")
def erase(do: Do = False, by: By = "", home: Home = HOME) -> None:
    """Remove letters that have ended from the broker, up to the first of each topic that still waits.

    Topics of dead letters forget by themselves after 30 days where the catalogue of access made them. The embedded
    broker removes nothing.
    """
    everyone = _chosen(Wanted(ended=True), home)[1]
    ended = [letter for letter in everyone if letter.ended]
    if not _asked(ended, do, "removed, but for those behind one that waits"):
        return

    async def work() -> int:
        async with desk.opened(home) as opened:
            return await opened.erase(everyone)

    _tell("dead-letters erase", ended, by, home)
    console.print(f"{guarded(work)} letters removed from the broker")


def _chosen(wanted: Wanted, home: Path) -> tuple[list[Letter], list[Letter]]:
    """All letters of the topic, and those that are wanted."""

    async def do() -> list[Letter]:
        async with desk.opened(home) as opened:
            return await opened.letters(wanted.topic)

    everyone = guarded(do)
    return everyone, [letter for letter in everyone if wanted(letter)]


def _named(wanted: Wanted, home: Path) -> tuple[list[Letter], list[Letter]]:
    """Ends with status 1 when a letter of that name is not there or has ended."""
    everyone, chosen = _chosen(wanted, home)
    if missing := wanted.names - {letter.name for letter in chosen}:
        fail(f"no letter that waits is called {', '.join(sorted(missing))}; see `haetae dead-letters list --ended`")
    return everyone, chosen


def _narrowed(wanted: Wanted, everything: bool, home: Path) -> tuple[list[Letter], list[Letter]]:
    if wanted.everything and not everything:
        fail("name letters, narrow them down (--topic, --service, --type, --reason, --case, --since), or say --all")
    return _named(wanted, home)


def _asked(chosen: Sequence[Letter], do: bool, done: str) -> bool:
    """Whether to go on; else what would be done is said."""
    if chosen and do:
        return True
    console.print(showing.table(chosen))
    console.print(f"{len(chosen)} letters would be {done}{'; say --do' if chosen else ''}")
    return False


def _tell(command: str, letters: Sequence[Letter], by: str, home: Path) -> None:
    """A line of the audit history, before it is done."""

    async def do() -> None:
        names = [letter.name for letter in letters]
        async with access.changing("gateway", home, command, names, by):
            pass

    guarded(do)
