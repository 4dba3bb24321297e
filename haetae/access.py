"""How a command reaches the database: a named server, the running stack, or PostgreSQL started for the command."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from deploy.local.home import HomeInUse, read_env
from deploy.local.stack import Stack
from migrations.runner import upgrade
from shared.database import Database

URL = "HAETAE_DATABASE_URL"


@asynccontextmanager
async def owner_url(home: Path) -> AsyncIterator[str]:
    """HAETAE_DATABASE_URL, else the running stack of `home`, else its PostgreSQL, started for this command alone."""
    if os.environ.get(URL):
        yield os.environ[URL]
        return
    try:
        async with Stack(home, parts=["postgres"]) as stack:
            yield stack.env[URL]
    except HomeInUse:
        yield read_env(home / "env")[URL]


@asynccontextmanager
async def database(service: str, home: Path) -> AsyncIterator[Database]:
    """The migrated database, as the owner in the service's schema."""
    async with owner_url(home) as url:
        try:
            await asyncio.to_thread(upgrade, url)
        except DBAPIError as error:
            raise ConnectionError(f"the database was not brought up to date ({error.orig}): is {URL} right?") from error
        made = Database(url, f"/haetae/{service}", schema=service)
        try:
            yield made
        finally:
            await made.close()
