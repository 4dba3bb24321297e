"""What the commands of `haetae backup` do: each its own end to end."""

import asyncio
import getpass
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import LiteralString
from uuid import UUID

import psycopg

from deploy.local.archive import Archive
from deploy.local.described import Description, claim, describe, description
from deploy.local.home import Home, read_env
from deploy.local.part import PartName
from deploy.local.stack import Stack
from haetae.access import URL, objects_of
from haetae.backup import bases, continuing, escrow, objects, proving, restoring
from services.gateway import history
from services.gateway.accounts import COMMAND_LINE
from services.gateway.audit import COMMANDS_CHAIN, Action
from shared.clock import Clock
from shared.database import Database
from shared.objects.vault import open_vault
from shared.settings import ObjectSettings

THIS_LIFE: LiteralString = (
    "SELECT system_identifier || '/' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8) FROM pg_control_system()"
)
PARTS: tuple[PartName, ...] = ("postgres", "s3")


@dataclass(frozen=True)
class Made:
    """Of one backup: its base, and what the archive lacked before."""

    base: bases.Base
    objects: int
    keys: int
    destroyed: int
    given_up: int


@dataclass(frozen=True)
class Restored:
    """`events`, `pages`: see `continuing.go_on`."""

    reached: restoring.Reached
    objects: int
    keys: int
    destroyed: int
    events: int
    pages: int
    proof: proving.Proof


def begin(archive: Archive, recipient: str) -> None:
    """An archive in an empty folder. Raises `ValueError` for one with something else in it."""
    archive.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(archive.path.iterdir()):
        raise ValueError(f"{archive.path} is not empty: each life of a home has an archive of its own, give another")
    describe(archive, Description(recipient))


async def create(archive: Archive, home: Path, env: dict[str, str], clock: Clock, keep: int) -> Made:
    """Secrets first, then keys and objects, then the database: what its rows name is in the archive."""
    known = description(archive)
    claim(archive, await asyncio.to_thread(_life, env[URL]))
    await _on_record(env[URL], "backup create", str(archive.path))
    secrets = json.loads((home / "secrets.json").read_text())
    await asyncio.to_thread(escrow.keep, archive, secrets, known.recipient)
    copied, keys, destroyed = await objects.copy(objects_of(env), archive)
    base = await asyncio.to_thread(bases.take, archive, env[URL], clock.now())
    more, keys_more, destroyed = await objects.copy(objects_of(env), archive)  # what came while the base was made
    given_up = await asyncio.to_thread(bases.prune, archive, keep)
    return Made(base, copied + more, keys + keys_more, destroyed, given_up)


async def restore(
    archive: Archive,
    key_file: Path,
    home: Path,
    until: datetime | None = None,
    not_before: datetime | None = None,
    *,
    drill: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Restored:
    """Into an empty home, and prove it. A `drill` leaves what was under way alone. Raises `ValueError` for an archive
    that does not reach `not_before`: nothing in it can tell that it is an older state of itself."""
    description(archive)
    base = restoring.base_for(archive, until)
    folder = Home(home)
    try:
        restoring.settle(folder, archive, key_file)
        await asyncio.to_thread(restoring.lay_out, archive, base, folder.path / "postgres", until)
    finally:
        folder.release()
    async with Stack(home, parts=PARTS, scratch=drill, restoring=True, environ={}) as stack:
        done = await bring_back(archive, stack.env, until, not_before, drill=drill, progress=progress)
        shutil.rmtree(restoring.log_of(folder.path / "postgres"))
        stack.home.end_restoring()
    return done


async def bring_back(
    archive: Archive,
    env: dict[str, str],
    until: datetime | None = None,
    not_before: datetime | None = None,
    *,
    drill: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Restored:
    """Into running servers: a cluster that `restoring.lay_out` made, and empty buckets."""
    url, settings = env[URL], objects_of(env)
    reached = await restoring.recovered(url, archive, until)
    if not_before:
        restoring.late_enough(archive, reached.ended or restoring.base_for(archive, until).made_at, not_before)
    # Marks of the archive also when an earlier moment is restored: what was destroyed since then stays so.
    ordered = await asyncio.to_thread(continuing.destroyed, url)
    gone = await objects.destroyed_in(archive) | ordered
    put, keys = await objects.put_back(archive, settings, gone)
    events, pages = (0, 0)
    if not drill:
        events, pages = await asyncio.to_thread(continuing.go_on, url)
        await _on_record(url, "backup restore", f"{reached.ended:%Y-%m-%dT%H:%M:%S.%fZ}" if reached.ended else "")
    async with open_vault(settings) as vault:
        proof = await proving.prove(url, vault, progress)
    if until is None:
        proof = replace(proof, problems=(*proof.problems, *only_marked(gone - ordered)))
    return Restored(reached, put, keys, len(gone), events, pages, proof)


def only_marked(cases: Iterable[UUID]) -> Iterator[str]:
    """An order stands in the database before a key is destroyed."""
    for case in sorted(cases):
        yield f"{case}: marked as destroyed in the archive, and nobody ordered it: who else may write there?"


async def take_up(url: str, settings: ObjectSettings) -> tuple[int, int, int]:
    """What a restore does at its end, for servers that came back by other means: events, pages, destroyed cases."""
    gone = await asyncio.to_thread(continuing.destroyed, url)
    await objects.destroy_again(settings, gone)
    events, pages = await asyncio.to_thread(continuing.go_on, url)
    await _on_record(url, "backup go-on", "")
    return events, pages, len(gone)


async def _on_record(url: str, command: str, what: str) -> None:
    """A line of the history: who copies everything, or brings an older state back, is to be seen there."""
    database = Database(url, "/haetae/gateway", schema="gateway")
    details = {"command": command, "by": getpass.getuser(), "what": [what], "many": 1}
    try:
        async with database.transaction() as tx:
            await history.append(tx, COMMANDS_CHAIN, COMMAND_LINE, Action.COMMAND_GIVEN, details)
    finally:
        await database.close()


async def drill(
    archive: Archive, key_file: Path, home: Path, progress: Callable[[int, int], None] = lambda done, of: None
) -> tuple[Restored, int | None]:
    """Restore into a folder that is removed again; and how many bytes of the log lacked of what was acknowledged
    before it began, None where the home does not run."""
    acknowledged = await asyncio.to_thread(_acknowledged, home)
    with tempfile.TemporaryDirectory(prefix="haetae-drill-") as folder:
        done = await restore(archive, key_file, Path(folder) / "home", drill=True, progress=progress)
    return done, None if acknowledged is None else max(0, acknowledged - done.reached.position)


def _acknowledged(home: Path) -> int | None:
    try:
        return bases.position(read_env(home / "env")[URL])
    except (OSError, KeyError, psycopg.OperationalError):
        return None


def _life(url: str) -> str:
    return str(bases.row(url, THIS_LIFE)[0])
