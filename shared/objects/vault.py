"""The vault: a case's objects, content-addressed, encrypted before they leave the process, unreadable once destroyed.

keys/      <case_id>                    the case's key, wrapped (`keyring`); or the mark that it was destroyed
evidence/  cases/<case_id>/<sha256>     an object, named by the digest of its plain bytes
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

from shared.failures import Rejected
from shared.objects import cipher
from shared.objects.case_keys import CaseKeys, KeyDestroyed
from shared.objects.cipher import Tampered
from shared.objects.keyring import Keyring, LocalKey, Wrapper, key_of, keys_of
from shared.objects.mirrored import with_copy
from shared.objects.port import ObjectMissing, ObjectStore
from shared.objects.s3 import S3Store
from shared.objects.transit import Transit
from shared.settings import ObjectSettings

__all__ = ["KeyDestroyed", "ObjectMissing", "Tampered", "Vault", "open_vault"]

MAX_OBJECT_BYTES = 32 * 1024 * 1024  # encrypted in one piece in memory: the largest picture (16 MiB) in a WARC, twice
MAX_SEALED_BYTES = MAX_OBJECT_BYTES + 1024  # as it is kept: its format, nonce and tag


class Vault:
    """`keys`: the bucket of keys, see `CaseKeys`. `wrapper`: a local key's bytes, or anything that wraps."""

    def __init__(self, objects: ObjectStore, keys: ObjectStore, wrapper: Wrapper | bytes) -> None:
        self._objects = objects
        self.keys = CaseKeys(keys, LocalKey(wrapper) if isinstance(wrapper, bytes) else wrapper)

    async def put(self, case_id: UUID, data: bytes) -> str:
        """Keep the bytes; returns their SHA-256. Twice is once. Raises `KeyDestroyed`, `Rejected` when too large."""
        (sha256,) = await self.put_all(case_id, (data,))
        return sha256

    async def put_all(self, case_id: UUID, pieces: Sequence[bytes]) -> tuple[str, ...]:
        """Keep each, as `put` does, with one look at the key: many who ask for a new key at once wait for seconds."""
        for data in pieces:
            if len(data) > MAX_OBJECT_BYTES:
                raise Rejected(f"{len(data):,} bytes for case {case_id}: an object may have {MAX_OBJECT_BYTES:,}")
        key, made = await self.keys.get_or_make(case_id)
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
        key = await self.keys.get(case_id)
        data = await asyncio.to_thread(cipher.unseal, sealed, key, case_id, sha256)
        if await asyncio.to_thread(_digest, data) != sha256:
            raise Tampered(f"object {sha256} of case {case_id} has other bytes than its name says")
        return data

    async def destroy(self, case_id: UUID) -> None:
        """Make everything of the case unreadable, for good. Doing it again is no error."""
        await self.keys.destroy(case_id)

    async def destroyed(self, case_id: UUID) -> bool:
        """Whether the case was destroyed: nothing of it can be kept any more."""
        return await self.keys.destroyed(case_id)

    async def digests(self, case_id: UUID) -> list[str]:
        """Of every object of the case that lies in the store, whichever capture put it there."""
        return [name.rpartition("/")[2] for name in await self._objects.names(_folder(case_id))]

    async def discard(self, case_id: UUID, sha256: str) -> bool:
        """Delete an object, every version of it; False when the store's lock keeps it."""
        try:
            await self._objects.delete(_object_name(case_id, sha256))
        except Rejected:
            return False
        return True

    async def ready(self) -> None:
        await self._objects.ready()
        await self.keys.ready()


@asynccontextmanager
async def open_vault(settings: ObjectSettings) -> AsyncIterator[Vault]:
    """The vault in the S3 buckets `evidence` and `keys`. Raises `ValueError` for a wrong key setting."""
    async with AsyncExitStack() as opened:
        wrapper = await opened.enter_async_context(open_keyring(settings))
        objects, keys = S3Store(settings, "evidence"), S3Store(settings, "keys")
        opened.callback(objects.close)
        opened.callback(keys.close)
        copies = settings.mirror_dir
        yield Vault(with_copy(objects, copies, "evidence"), with_copy(keys, copies, "keys"), wrapper)


@asynccontextmanager
async def open_keyring(settings: ObjectSettings) -> AsyncIterator[Keyring]:
    """The key service wraps where there is one, else the master key; the others open what they wrapped."""
    own = None
    if settings.master_key is not None:
        own = LocalKey(key_of(settings.master_key, "HAETAE_MASTER_KEY"))
    former = [LocalKey(key) for key in keys_of(settings.former_master_keys, "HAETAE_FORMER_MASTER_KEYS")]
    if settings.transit_url is None:
        if own is None:
            raise ValueError("set HAETAE_MASTER_KEY, or HAETAE_TRANSIT_URL for a key service")
        yield Keyring(own, former)
        return
    transit = Transit(
        settings.transit_url,
        settings.transit_mount,
        settings.transit_key,
        settings.transit_token,
        settings.transit_token_file,
    )
    try:
        yield Keyring(transit, [*([own] if own else []), *former])
    finally:
        await transit.aclose()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _folder(case_id: UUID) -> str:
    return f"cases/{case_id}"


def _object_name(case_id: UUID, sha256: str) -> str:
    return f"{_folder(case_id)}/{sha256}"
