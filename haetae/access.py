"""How a command reaches the database: a named server, the running stack, or PostgreSQL started for the command."""

import asyncio
import getpass
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from deploy.local.access import grant_logins
from deploy.local.home import HomeInUse, read_env
from deploy.local.stack import Stack
from migrations.runner import upgrade
from services.gateway import history
from services.gateway.accounts import COMMAND_LINE
from services.gateway.audit import COMMANDS_CHAIN, Action
from shared.database import Database
from shared.settings import ObjectSettings

URL = "HAETAE_DATABASE_URL"
MOST_NAMED = 20  # in a line of the history, of what a command changed


@asynccontextmanager
async def owner_url(home: Path) -> AsyncIterator[str]:
    """HAETAE_DATABASE_URL, else the running stack of `home`, else its PostgreSQL, started for this command alone."""
    if os.environ.get(URL):
        yield os.environ[URL]
        return
    _must_be_writable(home)
    try:
        async with Stack(home, parts=["postgres"]) as stack:
            yield stack.env[URL]
    except HomeInUse:
        yield read_env(home / "env")[URL]


def _must_be_writable(home: Path) -> None:
    """In a container, say, whose root cannot be written. Raises `ConnectionError`."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        said = "" if os.access(home, os.W_OK) else "not writable"
    except OSError as error:
        said = str(error.strerror)
    if said:
        raise ConnectionError(
            f"{URL} is not set, and no database can be kept in {home} ({said}): "
            f"set {URL} to postgresql+psycopg://OWNER:PASSWORD@HOST/DB, or name a folder with --home"
        )


@asynccontextmanager
async def object_settings(home: Path) -> AsyncIterator[ObjectSettings]:
    """HAETAE_S3_*, else the running stack of `home`, else its store, started for this command alone."""
    if os.environ.get("HAETAE_S3_ENDPOINT"):
        yield ObjectSettings()
        return
    _must_exist(home)
    try:
        async with Stack(home, parts=["s3"]) as stack:
            yield objects_of(stack.env)
    except HomeInUse:
        yield objects_of(read_env(home / "env"))


@asynccontextmanager
async def evidence(home: Path) -> AsyncIterator[Database]:
    """Of a stack that there is: who asks for evidence in the wrong folder must not find a new, empty one."""
    if not os.environ.get(URL):
        _must_exist(home)
    async with database("evidence", home) as made:
        yield made


@asynccontextmanager
async def with_objects(service: str, home: Path) -> AsyncIterator[tuple[Database, ObjectSettings]]:
    """The service's database and the store, of servers that are named; else of the running stack of `home`, else
    started for this command alone."""
    if os.environ.get(URL) or os.environ.get("HAETAE_S3_ENDPOINT"):
        async with object_settings(home) as settings:
            if not os.environ.get(URL):
                _must_exist(home)
            async with database(service, home) as made:
                yield made, settings
        return
    _must_exist(home)
    try:
        async with Stack(home, parts=["postgres", "s3"]) as stack:
            await bring_up_to_date(stack.env[URL])
            async with _opened(stack.env[URL], service) as made:
                yield made, objects_of(stack.env)
    except HomeInUse:
        env = read_env(home / "env")
        async with _opened(env[URL], service) as made:
            yield made, objects_of(env)


def _must_exist(home: Path) -> None:
    if not (home / "secrets.json").exists():
        raise ConnectionError(f"there is no stack in {home}: give its folder with --home (`haetae run` says which)")


def objects_of(env: Mapping[str, str]) -> ObjectSettings:
    """Of a stack's settings, whatever this process's environment says."""
    known = {f"HAETAE_{name.upper()}": name for name in ObjectSettings.model_fields}
    return ObjectSettings.model_validate({known[name]: value for name, value in env.items() if name in known})


async def bring_up_to_date(url: str, logins: Mapping[str, str] | None = None) -> None:
    """Migrate, and let the services' roles log in with these passwords. Raises ConnectionError naming the cure."""
    try:
        await asyncio.to_thread(upgrade, url)
        await asyncio.to_thread(grant_logins, url, logins or {})
    except CommandError as error:  # alembic's: it finds no way from there to here
        raise ConnectionError(f"the database is of a newer Haetae ({error}): use that version's command") from error
    except (SQLAlchemyError, psycopg.Error, ImportError) as error:
        why = error.orig if isinstance(error, DBAPIError) else error
        raise ConnectionError(
            f"the database was not brought up to date ({why}): is {URL} postgresql+psycopg://OWNER:PASSWORD@HOST/DB?"
        ) from error


@asynccontextmanager
async def database(service: str, home: Path) -> AsyncIterator[Database]:
    """The migrated database, as the owner in the service's schema."""
    async with owner_url(home) as url:
        await bring_up_to_date(url)
        async with _opened(url, service) as made:
            yield made


@asynccontextmanager
async def changing(
    service: str, home: Path, command: str, what: Sequence[str] = (), by: str = "", many: int | None = None
) -> AsyncIterator[Database]:
    """The same for a command that changes something or gives data away: the audit history has a line of it first. A
    line of what then failed does no harm; a change without one would."""
    details = {
        "command": command,
        "by": by or getpass.getuser(),
        "what": list(what[:MOST_NAMED]),
        "many": many or len(what),
    }
    async with owner_url(home) as url:
        await bring_up_to_date(url)
        async with _opened(url, "gateway") as gateway, gateway.transaction() as tx:
            await history.append(tx, COMMANDS_CHAIN, COMMAND_LINE, Action.COMMAND_GIVEN, details)
        async with _opened(url, service) as made:
            yield made


@asynccontextmanager
async def _opened(url: str, service: str) -> AsyncIterator[Database]:
    made = Database(url, f"/haetae/{service}", schema=service)
    try:
        yield made
    finally:
        await made.close()
