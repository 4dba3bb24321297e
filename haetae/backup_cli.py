"""`haetae backup`: everything that is acknowledged a second time, elsewhere, and the way back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.archive import Archive, of_home, remember
from deploy.local.home import Home as HomeFolder
from deploy.local.home import HomeInUse, read_env
from deploy.local.stack import Stack
from haetae.access import URL, bring_up_to_date, objects_of
from haetae.backup import checking, escrow, opening, work
from haetae.saying import HOME, Home, bar, console, finish, guarded
from shared.clock import SystemClock

backup = typer.Typer()
KEEP = 2  # the newest might turn out to be bad; and what is erased must not live on in the archive for ever

ArchiveFolder = Annotated[Path, typer.Argument(help="The folder of the archive.", file_okay=False)]
OPENS = "What opens it: the file of `haetae backup key`."
Key = Annotated[Path, typer.Option("--key", help=OPENS, dir_okay=False, exists=True)]


@backup.command("key")
def key(file: Annotated[Path, typer.Argument(help="File to write: keep it off this machine, twice.")]) -> None:
    """Make the key that opens backups. Only its public half is needed to make them."""

    async def do() -> str:
        return escrow.new_key(file)

    recipient = guarded(do)
    console.print(f"{file} opens what is sealed to {recipient}", soft_wrap=True)
    console.print("Without it no backup can be restored: keep it in two places, neither of them the server")
    console.print(f"{escrow.servers_half(file)} is for the server: haetae backup into", soft_wrap=True)


@backup.command("into")
def into(
    archive: ArchiveFolder,
    key: Annotated[
        Path, typer.Option("--key", help="The server's half of its key, KEYFILE.server.", dir_okay=False, exists=True)
    ],
    wait: Annotated[
        bool, typer.Option(help="Nothing counts as done before the archive has it too; else seconds can be lost.")
    ] = True,
    home: Home = HOME,
) -> None:
    """Begin an archive on another disk or machine; a stopped stack writes into it from its next start on."""

    async def do() -> Path:
        recipient, own = escrow.read_servers_half(key)
        folder, made = HomeFolder(home), Archive(archive.resolve(), wait, own)
        try:
            work.begin(made, recipient)
            remember(folder, made)
        finally:
            folder.release()
        return made.path

    path = guarded(do)
    console.print(
        f"From its next start on the stack writes into {path}; then run: haetae backup create", soft_wrap=True
    )


@backup.command("off")
def off(home: Home = HOME) -> None:
    """Let a stopped stack write into no archive any more; the archive stays as it is."""

    async def do() -> None:
        folder = HomeFolder(home)
        try:
            remember(folder, None)
        finally:
            folder.release()

    guarded(do)
    console.print("The stack writes into no archive from its next start on")


@backup.command("create")
def create(
    keep: Annotated[int, typer.Option(min=1, help="Base backups that stay, this one included.")] = KEEP,
    home: Home = HOME,
) -> None:
    """Add a base backup, and what the archive lacks of keys and objects, while services go on. Run it each night."""

    async def do() -> work.Made:
        async with _running(home) as (archive, env):
            return await work.create(archive, home, env, SystemClock(), keep)

    made = guarded(do)
    size = made.base.bytes / 2**20
    console.print(
        f"{made.base.path}: {size:,.1f} MiB; {made.objects:,} objects and {made.keys:,} keys were new to it",
        soft_wrap=True,
    )
    console.print(f"{made.destroyed:,} destroyed cases have no key there; {made.given_up} older bases given up")


@backup.command("verify")
def verify(
    archive: ArchiveFolder,
    key: Annotated[
        Path | None,
        typer.Option("--key", help=f"{OPENS} Else that of --home.", dir_okay=False, exists=True, show_default=False),
    ] = None,
    home: Home = HOME,
) -> None:
    """Is all of it as it was written, its log without a gap, each object with its key? Opens each object where the key
    file is given. That the database names no other object, a drill shows."""

    async def do() -> tuple[int, list[str], opening.Checked]:
        at = Archive(archive, key=escrow.archive_key(key) if key else _own_key(home))
        known, problems = await asyncio.to_thread(checking.check, at)
        return known, problems, await opening.check(at, key)

    known, problems, evidence = guarded(do)
    problems = [*problems, *evidence.problems]
    console.print(f"{known} base backups checked: {'all is whole' if not problems else f'{len(problems)} problems'}")
    why = "a key service wraps their keys" if key else "that needs the key file, with --key"
    how = "each opened" if evidence.opened else f"none opened: {why}"
    console.print(f"{evidence.objects:,} objects of {evidence.keys:,} keys: {how}", soft_wrap=True)
    finish(problems)


@backup.command("drill")
def drill(archive: ArchiveFolder, key: Key, home: Home = HOME) -> None:
    """Restore into a folder that is removed again, and check every case and every line of the history. Nothing of it
    is sent, published or asked for. Run it each month."""

    async def do() -> tuple[work.Restored, int | None]:
        with bar("cases") as progress:
            return await work.drill(Archive(archive, key=escrow.archive_key(key)), key, home, progress)

    done, lacking = guarded(do)
    _say(done)
    if lacking is None:
        console.print(f"{home} does not run: whether the end of the archive is missing is not known", soft_wrap=True)
    missed = [f"{lacking:,} bytes of what the running home had acknowledged are missing"] if lacking else []
    finish([*done.proof.problems, *missed])


@backup.command("restore")
def restore(
    archive: ArchiveFolder,
    key: Key,
    until: Annotated[
        datetime | None, typer.Option(help="Up to this moment (UTC); else up to the last thing acknowledged.")
    ] = None,
    not_before: Annotated[
        datetime | None, typer.Option(help="Refuse an archive that ends before this moment (UTC), as an old one does.")
    ] = None,
    home: Home = HOME,
) -> None:
    """Bring all of it back into a home without data: database, evidence and keys; then `haetae run` goes on there.

    The archive is only read. What was destroyed stays destroyed. What was under way is taken up again, once each.
    """
    moment, earliest = (one.replace(tzinfo=UTC) if one else None for one in (until, not_before))

    async def do() -> work.Restored:
        with bar("cases") as progress:
            at = Archive(archive, key=escrow.archive_key(key))
            return await work.restore(at, key, home, moment, earliest, progress=progress)

    done = guarded(do)
    _say(done)
    console.print(f"{done.events:,} events are published again, {done.pages:,} pages visited again: each counts once")
    finish(done.proof.problems)
    console.print(f"Begin a new archive (haetae backup into), then: haetae run --home {home}", soft_wrap=True)


@backup.command("go-on")
def go_on(home: Home = HOME) -> None:
    """After database, store or broker came back by other means: publish again what is owed, visit again what was not
    judged, destroy again what was destroyed. What was handled is passed over; services may run meanwhile."""

    async def do() -> tuple[int, int, int]:
        async with _servers(home) as env:
            return await work.take_up(env[URL], objects_of(env))

    events, pages, destroyed = guarded(do)
    console.print(f"{events:,} events are published again, {pages:,} pages visited again: each counts once")
    console.print(f"{destroyed:,} cases are and stay destroyed")


def _say(done: work.Restored) -> None:
    last = done.reached.ended
    console.print(f"restored up to {last.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC" if last else "restored: its base")
    console.print(f"{done.objects:,} objects, {done.keys:,} keys; {done.destroyed:,} cases are and stay destroyed")
    verdict = f"{len(done.proof.problems)} problems" if done.proof.problems else "all as it was"
    console.print(f"{done.proof.cases:,} cases and {done.proof.lines:,} lines of the history checked: {verdict}")


def _own_key(home: Path) -> bytes:
    if (known := of_home(home)) is None:
        raise ValueError(f"{home} has no archive, whose key would check this one: give its own with --key")
    return known.key


@asynccontextmanager
async def _running(home: Path) -> AsyncIterator[tuple[Archive, dict[str, str]]]:
    """The home's archive and settings."""
    if (known := of_home(home)) is None:
        raise ValueError(f"{home} has no archive: begin one with `haetae backup into`")
    async with _servers(home) as env:
        yield known, env


@asynccontextmanager
async def _servers(home: Path) -> AsyncIterator[dict[str, str]]:
    """Settings of the running stack, else of its database and store, started for the command; of outside servers where
    those are named."""
    try:
        async with Stack(home, parts=work.PARTS) as stack:
            await bring_up_to_date(stack.env[URL])
            yield stack.env
    except HomeInUse:
        yield read_env(home / "env")
