"""`haetae keys`: the key that wraps the keys of cases, and its change.

What is kept of a case is encrypted under the case's own key, which never changes; only its wrapping does. So is what
people wrote at the door, each report and document by itself.
"""

from collections import Counter

import typer
from rich.table import Table

from deploy.local.home import Home as HomeFolder
from haetae import access, keys_door
from haetae.rotation import rotate
from haetae.saying import HOME, Home, bar, console, fail, finish, guarded
from shared.objects.vault import Tampered, Vault, open_vault

keys = typer.Typer()
keys.command("rotate")(rotate)
FORMER = "former_master_keys"


@keys.command("show")
def show(home: Home = HOME) -> None:
    """Which key wraps, and how many keys of cases and of reports still wait to be wrapped by it."""

    async def do() -> tuple[str, int, int, int, int]:
        async with access.with_objects("gateway", home) as (database, settings), open_vault(settings) as vault:
            return vault.keys.wrapper, *await _count(vault), await keys_door.waiting(database, vault.keys)

    name, current, waiting, destroyed, told = guarded(do)
    table = Table("wraps now", "case keys", "wrapped by it", "by a former one", "destroyed", box=None)
    table.add_row(name, *(f"{n:,}" for n in (current + waiting + destroyed, current, waiting, destroyed)))
    console.print(table)
    if told:
        console.print(f"{told:,} keys of reports and their documents are wrapped by a former one")


@keys.command("new")
def new(home: Home = HOME) -> None:
    """Give a stopped embedded stack another master key; the former one still opens what it wrapped.

    Elsewhere: put the new key into HAETAE_MASTER_KEY and the former into HAETAE_FORMER_MASTER_KEYS of evidence and
    gateway, and start both anew.
    """

    async def do() -> None:
        folder = HomeFolder(home)
        try:
            folder.change_key("master_key", FORMER)
        finally:
            folder.release()

    guarded(do)
    console.print("The stack wraps with a new master key from its next start on; then run: haetae keys rewrap")


@keys.command("rewrap")
def rewrap(home: Home = HOME) -> None:
    """Wrap every key of a case or a report with the newest key. Can be interrupted and repeated, and services go on
    meanwhile."""

    async def do() -> tuple[int, int, int, list[str]]:
        done, told, failed = 0, 0, []
        async with access.with_objects("gateway", home) as (database, settings), open_vault(settings) as vault:
            cases = [case async for case in vault.keys.cases()]
            with bar("case keys") as progress:
                for number, case in enumerate(cases, 1):
                    try:
                        done += await vault.keys.rewrap(case)
                    except Tampered as error:
                        failed.append(f"the key of case {case}: {error}; restore it, or destroy that case")
                    progress(number, len(cases))
            try:
                told = await keys_door.rewrap(database, vault.keys)
            except Tampered as error:
                failed.append(f"a key of a report: {error}; restore the database, or delete that report")
        return done, len(cases), told, failed

    done, of, told, failed = guarded(do)
    console.print(f"{done:,} of {of:,} case keys wrapped anew, {told:,} of reports and their documents")
    finish(failed)
    console.print("A former key that none needs any more can be given up")


@keys.command("forget")
def forget(home: Home = HOME) -> None:
    """Give up the former keys of a stopped embedded stack, once nothing is wrapped by them."""

    async def do() -> int:
        async with access.with_objects("gateway", home) as (database, settings), open_vault(settings) as vault:
            return (await _count(vault))[1] + await keys_door.waiting(database, vault.keys)

    if waiting := guarded(do):
        fail(f"{waiting:,} keys of cases and reports are wrapped by a former key: run `haetae keys rewrap` first")

    async def drop() -> None:
        folder = HomeFolder(home)
        try:
            folder.forget(FORMER)
        finally:
            folder.release()

    guarded(drop)
    console.print("Former master keys are forgotten. Keep no copy of them: what they wrapped is wrapped anew")


async def _count(vault: Vault) -> tuple[int, int, int]:
    """Case keys that the newest key wraps, that a former one does, that were destroyed."""
    found = Counter[str]()
    async for case in vault.keys.cases():
        found[await vault.keys.state(case)] += 1
    return found["current"], found["waiting"], found["destroyed"]
