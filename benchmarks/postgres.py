"""PostgreSQL with the whole schema, and one service's own access to it."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.access import grant_logins, libpq_url, service_url
from deploy.local.part import PartName
from deploy.local.stack import Stack
from migrations.runner import upgrade

PARTS: tuple[PartName, ...] = ("postgres",)


@dataclass(frozen=True)
class Server:
    """`owner`: a URL of libpq; `url`: the service's own, of SQLAlchemy. `folder` is removed at the end."""

    folder: Path
    owner: str
    url: str


@asynccontextmanager
async def postgres(service: str, home: Path) -> AsyncIterator[Server]:
    """The database keeps its promises (fsync on)."""
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=home))
    try:
        async with Stack(folder / "stack", parts=PARTS, environ={}) as stack:
            owner = stack.env["HAETAE_DATABASE_URL"]
            await asyncio.to_thread(upgrade, owner)
            await asyncio.to_thread(grant_logins, owner, stack.role_passwords)
            yield Server(folder, libpq_url(owner), service_url(owner, service, stack.role_passwords[service]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
