"""An S3 address, and the buckets that must exist behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import S3Error
from minio.objectlockconfig import YEARS, ObjectLockConfig
from urllib3.exceptions import HTTPError

# Without a retention a lock protects nothing: whoever may write may delete a version. Longer than proceedings take;
# what must go earlier is made unreadable by destroying its key.
KEPT_YEARS = 10


@dataclass(frozen=True)
class Bucket:
    """`lock`: what is put there cannot be deleted or replaced for `KEPT_YEARS`, by nobody."""

    name: str
    lock: bool = False


@dataclass(frozen=True)
class S3Address:
    """`endpoint` is host:port. `prefix` goes before every bucket's name."""

    endpoint: str
    access_key: str
    secret_key: str
    secure: bool = False
    prefix: str = ""

    @classmethod
    def of(cls, env: Mapping[str, str]) -> S3Address:
        return cls(
            env["HAETAE_S3_ENDPOINT"],
            env["HAETAE_S3_ACCESS_KEY"],
            env["HAETAE_S3_SECRET_KEY"],
            env.get("HAETAE_S3_SECURE", "0") == "1",
            env.get("HAETAE_S3_BUCKET_PREFIX", ""),
        )

    def env(self) -> dict[str, str]:
        return {
            "HAETAE_S3_ENDPOINT": self.endpoint,
            "HAETAE_S3_ACCESS_KEY": self.access_key,
            "HAETAE_S3_SECRET_KEY": self.secret_key,
            "HAETAE_S3_SECURE": "1" if self.secure else "0",
            **({"HAETAE_S3_BUCKET_PREFIX": self.prefix} if self.prefix else {}),
        }

    @property
    def url(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.endpoint}"

    def client(self) -> Minio:
        return Minio(self.endpoint, access_key=self.access_key, secret_key=self.secret_key, secure=self.secure)


async def ensure_buckets(address: S3Address, buckets: Iterable[Bucket]) -> None:
    """Create those that are missing. Raises RuntimeError naming the bucket when the store refuses."""
    await asyncio.to_thread(_ensure, address, tuple(buckets))


def _ensure(address: S3Address, buckets: tuple[Bucket, ...]) -> None:
    client = address.client()
    for bucket in buckets:
        name = address.prefix + bucket.name
        try:
            if not client.bucket_exists(name):
                client.make_bucket(name, object_lock=bucket.lock)
            if bucket.lock and client.get_object_lock_config(name).mode is None:  # an agency's own rule stays
                client.set_object_lock_config(name, ObjectLockConfig(COMPLIANCE, KEPT_YEARS, YEARS))
        except S3Error as error:
            raise RuntimeError(
                f"bucket {name!r} at {address.endpoint}: {error.code}; "
                f"create it by hand{' with object lock' if bucket.lock else ''}, "
                f"or let {address.access_key!r} create buckets"
            ) from error
        except HTTPError as error:
            raise RuntimeError(f"the S3 store at {address.endpoint} cannot be reached: {error}") from error
