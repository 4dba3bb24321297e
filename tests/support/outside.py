"""Servers that somebody else runs, for the tests: docs/testing.md says how they are named and what they must allow.

The names are the tests' own: what the product's settings name is never met by a test, for it may hold real data.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import psycopg
from minio.commonconfig import COMPLIANCE
from minio.objectlockconfig import DAYS, ObjectLockConfig
from sqlalchemy.engine import make_url

from deploy.local import buckets
from deploy.local.access import libpq_url
from deploy.local.buckets import S3Address
from deploy.local.part import PartName
from deploy.local.s3 import BUCKETS
from services import SERVICES

DRIVER = "postgresql+psycopg"
SET = ("1", "true", "yes", "on")
BUCKET_PREFIX = "haetae-test-"
KEPT_DAYS = 1  # the shortest lock that S3 has: what tests lock there can be removed tomorrow
MIGRATING = 0x6D6967726174  # "migrat" in hexadecimal: an advisory lock of the whole server


def servers(environ: Mapping[str, str]) -> dict[PartName, dict[str, str]]:
    """By part, its settings as the product names them. Raises ValueError for what is half given."""
    found: dict[PartName, dict[str, str]] = {}
    if url := environ.get("DATABASE_URL"):
        found["postgres"] = {"HAETAE_DATABASE_URL": database_url(url)}
    if environ.get("KAFKA_BOOTSTRAP"):
        given = {name: value for name, value in environ.items() if name.startswith("KAFKA_")}
        found["kafka"] = {f"HAETAE_{name}": value for name, value in given.items()}
    if endpoint := environ.get("S3_ENDPOINT"):
        found["s3"] = store(endpoint, environ)
    if (url := environ.get("SMTP_URL")) and (mail := sink(url, environ)):
        found["mail"] = mail
    return found


def database_url(url: str) -> str:
    """With the driver that the product uses, whichever way it was written."""
    return (
        make_url(url.replace("postgres://", "postgresql://", 1))
        .set(drivername=DRIVER)
        .render_as_string(hide_password=False)
    )


def store(endpoint: str, environ: Mapping[str, str]) -> dict[str, str]:
    """`endpoint`: host:port, or a URL whose scheme says whether it is TLS."""
    if missing := [name for name in ("S3_ACCESS_KEY", "S3_SECRET_KEY") if not environ.get(name)]:
        raise ValueError(f"S3_ENDPOINT is set, so set {' and '.join(missing)} too")
    parts = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}")
    secure = parts.scheme == "https" or (not parts.scheme and environ.get("S3_SECURE", "").lower() in SET)
    return {
        "HAETAE_S3_ENDPOINT": parts.netloc,
        "HAETAE_S3_ACCESS_KEY": environ["S3_ACCESS_KEY"],
        "HAETAE_S3_SECRET_KEY": environ["S3_SECRET_KEY"],
        "HAETAE_S3_SECURE": "1" if secure else "0",
        "HAETAE_S3_REGION": environ.get("S3_REGION", "us-east-1"),
        "HAETAE_S3_BUCKET_PREFIX": environ.get("S3_BUCKET_PREFIX", BUCKET_PREFIX),
    }


def sink(url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Of a mail sink that can be read and made to fail; nothing of a server that only takes mails."""
    if not environ.get("MAIL_API"):
        return {}
    smtp, imap = urlsplit(url), urlsplit(environ.get("IMAP_URL", ""))
    settings = {
        "HAETAE_SMTP_HOST": smtp.hostname or "",
        "HAETAE_SMTP_PORT": str(smtp.port or 25),
        "HAETAE_MAIL_API": environ["MAIL_API"].rstrip("/"),
    }
    if imap.hostname:
        settings |= {
            "HAETAE_IMAP_HOST": imap.hostname,
            "HAETAE_IMAP_PORT": str(imap.port or 143),
            "HAETAE_IMAP_TLS": "none",
            "HAETAE_IMAP_USERNAME": unquote(imap.username or ""),
            "HAETAE_IMAP_PASSWORD": unquote(imap.password or ""),
            "HAETAE_IMAP_POLL_SECONDS": "1",
        }
    return settings


def role_passwords(owner_url: str) -> dict[str, str]:
    """The services' roles belong to the server: runs that share it at the same time must set the same ones."""
    key = owner_url.encode()
    return {name: hmac.new(key, f"role {name}".encode(), hashlib.sha256).hexdigest() for name in SERVICES}


async def ensure_buckets(settings: Mapping[str, str]) -> None:
    """Those that tests use, with locks that last a day instead of years."""
    address = S3Address.of(settings)
    await asyncio.to_thread(_lock_for_a_day, address)
    await buckets.ensure_buckets(address, BUCKETS)


def _lock_for_a_day(address: S3Address) -> None:
    client = address.client()
    for bucket in BUCKETS:
        name = address.prefix + bucket.name
        if bucket.lock and not client.bucket_exists(name):
            client.make_bucket(name, object_lock=True)
            client.set_object_lock_config(name, ObjectLockConfig(COMPLIANCE, KEPT_DAYS, DAYS))


@contextmanager
def alone(owner_url: str) -> Iterator[None]:
    """While it lasts, no other run of tests on that server is in here."""
    with psycopg.connect(libpq_url(owner_url), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [MIGRATING])
        yield
