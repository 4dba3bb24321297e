"""The vault: a case's objects, content-addressed, encrypted before they leave the process, unreadable once destroyed.

keys/      <case_id>                    the case's key, wrapped by the master key; or the mark that it was destroyed
evidence/  cases/<case_id>/<sha256>     an object, named by the digest of its plain bytes
"""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from pydantic import SecretStr

from shared.failures import Rejected
from shared.objects import cipher
from shared.objects.cipher import Tampered
from shared.objects.port import ObjectMissing, ObjectStore
from shared.objects.s3 import S3Store
from shared.settings import ObjectSettings

__all__ = ["KeyDestroyed", "ObjectMissing", "Tampered", "Vault", "master_key", "open_vault"]

MAX_OBJECT_BYTES = 32 * 1024 * 1024  # encrypted in one piece in memory: the largest picture (16 MiB) in a WARC, twice
DESTROYED = b"destroyed\n"


class KeyDestroyed(Rejected):
    """The case's key is gone: nothing of the case can be read again, and nothing more is kept of it."""


class Vault:
    """`keys` must not keep versions or copies of what is replaced there; destruction rests on that."""

    def __init__(self, objects: ObjectStore, keys: ObjectStore, master_key: bytes) -> None:
        if len(master_key) != cipher.KEY_BYTES:
            raise ValueError(f"the master key has {len(master_key)} bytes; it must have {cipher.KEY_BYTES}")
        self._objects, self._keys, self._master_key = objects, keys, master_key

    async def put(self, case_id: UUID, data: bytes) -> str:
        """Keep the bytes; returns their SHA-256. Twice is once. Raises `KeyDestroyed`, `Rejected` when too large."""
        (sha256,) = await self.put_all(case_id, (data,))
        return sha256

    async def put_all(self, case_id: UUID, pieces: Sequence[bytes]) -> tuple[str, ...]:
        """Keep each, as `put` does, with one look at the key: many who ask for a new key at once wait for seconds."""
        for data in pieces:
            if len(data) > MAX_OBJECT_BYTES:
                raise Rejected(f"{len(data):,} bytes for case {case_id}: an object may have {MAX_OBJECT_BYTES:,}")
        key, made = await self._key(case_id)
        return tuple(await asyncio.gather(*(self._keep(case_id, data, key, made) for data in pieces)))

    async def _keep(self, case_id: UUID, data: bytes, key: bytes, made: bool) -> str:
        sha256 = await asyncio.to_thread(_digest, data)
        name = _object_name(case_id, sha256)
        if made or not await self._objects.exists(name):  # under a new key, whatever lies there cannot be read
            await self._objects.put(name, await asyncio.to_thread(cipher.seal, data, key, case_id, sha256))
        return sha256

    async def get(self, case_id: UUID, sha256: str) -> bytes:
        """The bytes with this digest. Raises `ObjectMissing`, `KeyDestroyed`, `Tampered`."""
        sealed = await self._objects.get(_object_name(case_id, sha256))
        try:
            key = self._unwrapped(case_id, await self._keys.get(_key_name(case_id)))
        except ObjectMissing:
            raise KeyDestroyed(f"the key of case {case_id} is gone") from None
        data = await asyncio.to_thread(cipher.unseal, sealed, key, case_id, sha256)
        if await asyncio.to_thread(_digest, data) != sha256:
            raise Tampered(f"object {sha256} of case {case_id} has other bytes than its name says")
        return data

    async def destroy(self, case_id: UUID) -> None:
        """Make everything of the case unreadable, for good. Doing it again is no error."""
        await self._keys.delete(_key_name(case_id))
        # The mark keeps a repeated event from opening the case again under a new key.
        await self._keys.put(_key_name(case_id), DESTROYED)

    async def ready(self) -> None:
        await self._objects.ready()
        await self._keys.ready()

    async def _key(self, case_id: UUID) -> tuple[bytes, bool]:
        """The case's key, and whether it was made just now. Whoever comes second uses the first's."""
        name = _key_name(case_id)
        try:
            return self._unwrapped(case_id, await self._keys.get(name)), False
        except ObjectMissing:
            key = cipher.new_key()
        if await self._keys.put_new(name, cipher.wrap(key, self._master_key, case_id)):
            return key, True
        return self._unwrapped(case_id, await self._keys.get(name)), False

    def _unwrapped(self, case_id: UUID, wrapped: bytes) -> bytes:
        if wrapped == DESTROYED:
            raise KeyDestroyed(f"the key of case {case_id} was destroyed")
        return cipher.unwrap(wrapped, self._master_key, case_id)


def master_key(setting: SecretStr) -> bytes:
    """The master key of the setting. Raises as `key_of`."""
    return key_of(setting, "HAETAE_MASTER_KEY")


def key_of(setting: SecretStr, variable: str) -> bytes:
    """The key in a setting. Raises `ValueError` naming the variable and the cure, never the value."""
    try:
        key = base64.b64decode(setting.get_secret_value(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != cipher.KEY_BYTES:
        raise ValueError(
            f"{variable} must be base64 of {cipher.KEY_BYTES} bytes; make one with "
            f"`head -c {cipher.KEY_BYTES} /dev/urandom | base64`"
        ) from None
    return key


@asynccontextmanager
async def open_vault(settings: ObjectSettings) -> AsyncIterator[Vault]:
    """The vault in the S3 buckets `evidence` and `keys`. Raises `ValueError` for a wrong master key."""
    objects, keys = S3Store(settings, "evidence"), S3Store(settings, "keys")
    try:
        yield Vault(objects, keys, master_key(settings.master_key))
    finally:
        objects.close()
        keys.close()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _key_name(case_id: UUID) -> str:
    return str(case_id)


def _object_name(case_id: UUID, sha256: str) -> str:
    return f"cases/{case_id}/{sha256}"
