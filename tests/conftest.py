"""Fixtures of the embedded stack: each starts only the part it needs, once a pytest process."""

from __future__ import annotations

import gc
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from deploy.local.buckets import S3Address
from haetae import saying
from tests.support.passwords import hash_cheaply
from tests.support.stack import Databases, LazyStack, Mail, Migrated, database_of, fresh, migrated_database

# A console keeps the width that it found when it was made, in whichever test that was: let it look each time.
saying.console._width = saying.errors._width = None
# By default a traceback is drawn with all its locals, which takes a second of CPU for a batch of pages.
PLAIN = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
# How long an example takes is the machine's affair.
settings.register_profile("haetae", deadline=None)
settings.load_profile("haetae")
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], PLAIN])
hash_cheaply()

# Whole loops and what waits for a broker first, small files last: no core is idle at the end.
ORDER = ("journey", "contract", "browser", "integration", "platform", "architecture", "unit")
TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: ORDER.index(item.path.relative_to(TESTS).parts[0]))


def pytest_collection_finish() -> None:
    """What thousands of collected tests are made of stays to the end: the collector need not look at it each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[LazyStack]:
    """`await stack.env("postgres", "kafka", "s3", "mail")` starts what is not running yet and gives the settings."""
    lazy = LazyStack()
    yield lazy
    await lazy.stop()


@pytest.fixture(scope="session")
async def databases(stack: LazyStack) -> AsyncIterator[Databases]:
    databases = Databases((await stack.env("postgres"))["HAETAE_DATABASE_URL"])
    yield databases
    databases.close()


@pytest.fixture
async def postgres_url(databases: Databases) -> AsyncIterator[str]:
    """A fresh, empty database for one test: SQLAlchemy's URL of its owner."""
    async with fresh(databases) as url:
        yield url


@pytest.fixture(scope="session")
async def migrated_template(databases: Databases, stack: LazyStack) -> AsyncIterator[str]:
    """The name of a database at the newest revision; copying it takes a tenth of the time of migrating again."""
    async with migrated_database(databases, stack) as url:
        yield database_of(url)


@pytest.fixture
async def migrated(databases: Databases, migrated_template: str, stack: LazyStack) -> AsyncIterator[Migrated]:
    """A database at the newest revision for one test; `migrated.dsn_for("evidence")` is that role's URL."""
    async with fresh(databases, migrated_template) as url:
        yield Migrated(url, stack.role_passwords)


@pytest.fixture(scope="module")
async def migrated_once(databases: Databases, migrated_template: str, stack: LazyStack) -> AsyncIterator[Migrated]:
    """One database for a file whose tests each have a case of their own."""
    async with fresh(databases, migrated_template) as url:
        yield Migrated(url, stack.role_passwords)


@pytest.fixture(scope="session")
async def kafka_bootstrap(stack: LazyStack) -> str:
    return (await stack.env("kafka"))["HAETAE_KAFKA_BOOTSTRAP"]


@pytest.fixture
def topic_prefix() -> str:
    """Before the names of a test's topics and groups: no two tests meet on one broker."""
    return f"t{secrets.token_hex(5)}."


@pytest.fixture(scope="session")
async def s3_settings(stack: LazyStack) -> S3Address:
    """Endpoint and root credentials; `.client()` is a Minio, `.env()` the settings. Buckets: evidence (object lock),
    keys, kafka."""
    return S3Address.of(await stack.env("s3"))


@pytest.fixture
async def mail(stack: LazyStack) -> AsyncIterator[Mail]:
    """The mail sink, emptied, and this test's alone: of others it is one for all processes."""
    sink = Mail(await stack.env("mail"))
    async with stack.mail_alone():
        await sink.empty()
        yield sink
