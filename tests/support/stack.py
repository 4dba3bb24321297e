"""The stack for tests: each part started when a test first asks for it, once a pytest process, or somebody else's."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from deploy.local.access import allowed, grant_logins, libpq_url, service_url
from deploy.local.home import Home, HomeInUse, read_env
from deploy.local.part import PartName
from deploy.local.stack import Stack
from services import SERVICES
from tests.support import outside

REUSE = "HAETAE_TEST_STACK"
HOME_PREFIX = "haetae-test-"
MEMORY, MEMINFO = Path("/dev/shm"), Path("/proc/meminfo")
PLENTY = 8 * 2**30  # free bytes of memory: a process of tests keeps less than one of the eight
MAIL = ("HAETAE_SMTP_", "HAETAE_MAIL_", "HAETAE_IMAP_")
FIRST_SETTING: dict[PartName, str] = {
    "postgres": "HAETAE_DATABASE_URL",
    "kafka": "HAETAE_KAFKA_BOOTSTRAP",
    "s3": "HAETAE_S3_ENDPOINT",
    "mail": "HAETAE_MAIL_API",
    "authority": "HAETAE_STAMP_AUTHORITIES_FILE",
}


class LazyStack:
    """Parts on demand in a temporary home; or outside servers (`tests.support.outside`), or those of the running stack
    whose `env` file HAETAE_TEST_STACK names.

    The mail sink of a running stack is not shared: tests empty it and switch faults on. Servers that the product's own
    settings name in the environment are ignored: a test must never meet real data.
    """

    def __init__(self) -> None:
        self._stack: Stack | None = None
        self._reused = Path(os.environ[REUSE]) if os.environ.get(REUSE) else None
        self.outside = outside.servers(os.environ)
        self._folder: Path | None = None

    async def env(self, *parts: PartName) -> dict[str, str]:
        """The settings of these parts, which are ready when this returns."""
        others = [part for part in parts if part in self.outside]
        shared = tuple(part for part in parts if self._reused and part != "mail" and part not in others)
        own = await self._own(*(part for part in parts if part not in shared and part not in others))
        if "s3" in others:
            await outside.ensure_buckets(self.outside["s3"])
        theirs = {name: value for part in others for name, value in self.outside[part].items()}
        return {**own, **self._shared(*shared), **theirs}

    def _shared(self, *parts: PartName) -> dict[str, str]:
        if not parts or not self._reused:
            return {}
        env = read_env(self._reused)
        if missing := [part for part in parts if FIRST_SETTING[part] not in env]:
            raise RuntimeError(f"{REUSE}={self._reused} runs no {', '.join(missing)}: start it with that part")
        return {name: value for name, value in env.items() if not name.startswith(MAIL)}

    async def _own(self, *parts: PartName) -> dict[str, str]:
        if not parts:
            return {}
        if self._stack is None:
            sweep_dead_homes()
            self._folder = Path(tempfile.mkdtemp(prefix=HOME_PREFIX, dir=quick_folder()))
            self._stack = Stack(self._folder, parts=(), kafka_store="memory", scratch=True, environ={})
            await self._stack.start()
        await self._stack.start_parts(*parts)
        return self._stack.env

    @property
    def role_passwords(self) -> dict[str, str]:
        if "postgres" in self.outside:
            return outside.role_passwords(self.outside["postgres"]["HAETAE_DATABASE_URL"])
        if self._reused:
            kept = json.loads(self._reused.with_name("secrets.json").read_text())
            return {service: kept[f"role_{service}"] for service in SERVICES}
        assert self._stack, "ask for a part first"
        return self._stack.role_passwords

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Roles belong to the server: test runs that share one migrate one after the other."""
        if "postgres" in self.outside:
            with outside.alone(self.outside["postgres"]["HAETAE_DATABASE_URL"]):
                yield
            return
        folder = self._reused.parent if self._reused else self._folder
        assert folder, "ask for a part first"
        with (folder / "migrate.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @asynccontextmanager
    async def mail_alone(self) -> AsyncIterator[None]:
        """A sink of others is emptied and made to fail by one test at a time, in whichever process of this machine."""
        if "mail" not in self.outside:
            yield
            return
        name = hashlib.sha256(self.outside["mail"]["HAETAE_MAIL_API"].encode()).hexdigest()[:16]
        path = Path(tempfile.gettempdir(), f"haetae-mail-{name}.lock")
        with await asyncio.to_thread(path.open, "a") as lock:
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            yield

    def service_env(self, service: str) -> dict[str, str]:
        """The settings of one service, as a stack gives them, of the parts that were asked for. A store of others has
        no identities for services: there all have that of the tests."""
        base = self._stack.service_env(service) if self._stack else {}
        theirs = {name: value for settings in self.outside.values() for name, value in settings.items()}
        return base | allowed(service, theirs)

    async def stop(self) -> None:
        if self._stack:
            await self._stack.stop()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def quick_folder() -> Path:
    """Where homes lie: in memory if there is plenty. A database a test is a thousand files, made and removed."""
    available = MEMINFO.exists() and re.search(r"MemAvailable: +(\d+) kB", MEMINFO.read_text())
    if not available or not os.access(MEMORY, os.W_OK):
        return Path(tempfile.gettempdir())
    free = min(shutil.disk_usage(MEMORY).free, int(available[1]) * 1024)
    return MEMORY if free >= PLENTY else Path(tempfile.gettempdir())


def sweep_dead_homes() -> None:
    """Remove the homes of test runs that were killed: those whose lock nobody holds."""
    for folder in (home for place in (MEMORY, Path(tempfile.gettempdir())) for home in place.glob(f"{HOME_PREFIX}*")):
        if not (folder / "lock").exists() or folder.stat().st_uid != os.geteuid():
            continue
        try:
            Home(folder).release()
        except (HomeInUse, OSError, ValueError):
            continue
        shutil.rmtree(folder, ignore_errors=True)


class Databases:
    """Databases that live for one test, made and dropped over one connection: thousands of them are."""

    def __init__(self, owner_url: str) -> None:
        self._owner_url = owner_url
        self._kept: psycopg.Connection | None = None

    def create(self, template: str = "template0") -> str:
        """A fresh one; its URL. A copy of files takes half the time of one that goes through the log."""
        name = f"test_{secrets.token_hex(6)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self._run(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return make_url(self._owner_url).set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database_of(url))))

    def close(self) -> None:
        if self._kept:
            self._kept.close()

    def _run(self, statement: sql.Composed) -> None:
        if self._kept is None or self._kept.closed:
            self._kept = psycopg.connect(libpq_url(self._owner_url), autocommit=True)
        self._kept.execute(statement)


@asynccontextmanager
async def fresh(databases: Databases, template: str = "template0") -> AsyncIterator[str]:
    """A copy of `template`: SQLAlchemy's URL of its owner."""
    url = await asyncio.to_thread(databases.create, template)
    yield url
    await asyncio.to_thread(databases.drop, url)


@asynccontextmanager
async def migrated_database(databases: Databases, stack: LazyStack) -> AsyncIterator[str]:
    """One at the newest revision, whose roles can log in: SQLAlchemy's URL of its owner."""
    from migrations.runner import upgrade  # half a second: only who migrates waits for it

    async with fresh(databases) as url:
        with stack.one_at_a_time():
            await asyncio.to_thread(upgrade, url)
            await asyncio.to_thread(grant_logins, url, stack.role_passwords)
        yield url


def database_of(url: str) -> str:
    name = make_url(url).database
    assert name
    return name


@dataclass(frozen=True)
class Migrated:
    """A database at the newest revision, with a login for each service's role."""

    owner_url: str
    passwords: dict[str, str]

    def dsn_for(self, service: str) -> str:
        return service_url(self.owner_url, service, self.passwords[service])


class Mail:
    """The mail sink: where to send (`host`, `port`) and what arrived."""

    def __init__(self, env: dict[str, str]) -> None:
        self.host, self.port, self.api = env["HAETAE_SMTP_HOST"], int(env["HAETAE_SMTP_PORT"]), env["HAETAE_MAIL_API"]
        self.env = env

    async def messages(self, to: str | None = None) -> list[dict[str, Any]]:
        """In order of arrival; `Stored.json` of the sink has the fields."""
        found = await self._call("GET", "/api/messages", params={"to": to} if to else None)
        assert isinstance(found, list)
        return found

    async def fault(self, **order: Any) -> None:
        """`reject_next=n, code=451`, `drop_reply_after_accept_next=n`, `reject_recipient="a@b.test", code=550`."""
        await self._call("POST", "/api/faults", json=order)

    async def empty(self) -> None:
        """No messages, no remembered Message-IDs, no faults."""
        await self._call("DELETE", "/api/messages")
        await self._call("DELETE", "/api/faults")

    async def _call(self, method: str, path: str, **more: Any) -> Any:
        async with httpx.AsyncClient(base_url=self.api, trust_env=False) as client:
            answer = await client.request(method, path, **more)
        answer.raise_for_status()
        return answer.json()
