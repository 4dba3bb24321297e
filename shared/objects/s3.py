"""A bucket of any S3 store, through the `minio` client in threads."""

import asyncio
import io
import os
from collections.abc import Callable
from typing import TypeVar

import certifi
import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error

from shared.failures import Rejected, Transient
from shared.objects.names import checked
from shared.objects.port import ObjectMissing
from shared.observing import calling
from shared.settings import S3Settings

T = TypeVar("T")

CONNECT_S = 3.0  # a store in the same network answers in milliseconds; the runner tries again
READ_S = 20.0  # 32 MiB at 2 MB/s
CONNECTIONS = 10  # twice the threads that asyncio keeps on two cores
ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "ResourceNotFound"})
# 412 when the name is taken; 409 when somebody is taking it this moment (Amazon S3, "conditional writes").
TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
REFUSED = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "MethodNotAllowed"})


def pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
        maxsize=CONNECTIONS,
        retries=urllib3.Retry(total=2, backoff_factor=0.1, status_forcelist=(500, 502, 503, 504)),
        ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
    )


def client(settings: S3Settings, connections: urllib3.PoolManager) -> Minio:
    return Minio(
        settings.s3_endpoint,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key.get_secret_value(),
        secure=settings.s3_secure,
        region=settings.s3_region,
        http_client=connections,
    )


class S3Store:
    """One bucket. It must exist: who may create buckets may also remove them, and no service needs that."""

    def __init__(self, settings: S3Settings, bucket: str) -> None:
        self._pool = pool()
        self._client = client(settings, self._pool)
        self._bucket = settings.s3_bucket_prefix + bucket
        self._where = f"bucket {self._bucket!r} at {settings.s3_endpoint}"

    async def put(self, name: str, data: bytes, *, media_type: str = "application/octet-stream") -> None:
        await self._run(self._client.put_object, self._bucket, checked(name), io.BytesIO(data), len(data), media_type)

    async def put_new(self, name: str, data: bytes) -> bool:
        """False also when this call's own first attempt took the name and its answer was lost."""
        # `put_object` has no room for a condition: it turns every unknown header into metadata.
        try:
            await self._run(self._client._put_object, self._bucket, checked(name), data, {"If-None-Match": "*"})
        except _Taken:
            return False
        return True

    async def replace(self, name: str, data: bytes, former: bytes) -> bool:
        try:
            there, mark = await self._run(self._read_marked, checked(name))
            if there != former:
                return False
            await self._run(self._client._put_object, self._bucket, name, data, {"If-Match": mark})
        except (_Taken, ObjectMissing):
            return False
        return True

    async def get(self, name: str) -> bytes:
        return await self._run(self._read, checked(name))

    async def exists(self, name: str) -> bool:
        try:
            await self._run(self._client.stat_object, self._bucket, checked(name))
        except ObjectMissing:
            return False
        return True

    async def delete(self, name: str) -> None:
        """Every version of it: in a bucket that keeps versions, a plain delete would only hide the object."""
        await self._run(self._delete_versions, checked(name))

    async def forget_former(self, name: str) -> None:
        await self._run(self._delete_versions, checked(name), True)

    async def names(self, folder: str) -> list[str]:
        return await self._run(self._names, f"{checked(folder)}/")

    async def all_names(self) -> list[str]:
        return await self._run(self._names, "")

    async def clear(self, folder: str) -> int:
        return await self._run(self._clear, f"{checked(folder)}/")

    async def clear_beginning(self, beginning: str) -> int:
        return await self._run(self._clear, checked(beginning))

    async def ready(self) -> None:
        if not await self._run(self._client.bucket_exists, self._bucket):
            raise Transient(f"{self._where} does not exist; create it")

    def close(self) -> None:
        self._pool.clear()

    def _read(self, name: str) -> bytes:
        return self._read_marked(name)[0]

    def _read_marked(self, name: str) -> tuple[bytes, str]:
        """With the store's own mark of these bytes (entity tag)."""
        response = self._client.get_object(self._bucket, name)
        try:
            return bytes(response.read()), response.headers.get("etag", "")
        finally:
            response.close()
            response.release_conn()

    def _delete_versions(self, name: str, former: bool = False) -> None:
        for found in self._client.list_objects(self._bucket, prefix=name, include_version=True):
            newest = found.is_latest in (None, "true")  # None: the store keeps no versions
            if found.object_name == name and not (former and newest):
                version = None if found.version_id in (None, "", "null") else found.version_id
                self._client.remove_object(self._bucket, name, version_id=version)

    def _names(self, beginning: str) -> list[str]:
        found = self._client.list_objects(self._bucket, prefix=beginning or None, recursive=True)
        return [one.object_name for one in found if one.object_name]

    def _clear(self, beginning: str) -> int:
        names = self._names(beginning)
        failed = list(self._client.remove_objects(self._bucket, map(DeleteObject, names)))
        if failed:
            raise Transient(f"{self._where}: {len(failed)} of {len(names)} objects were not deleted: {failed[0]}")
        return len(names)

    async def _run(self, work: Callable[..., T], *args: object) -> T:
        name = work.__name__.strip("_")
        with calling("s3", f"s3 {name}", {"rpc.system.name": "s3", "rpc.method": name}):
            try:
                return await self._asked(work, *args)
            except (_Taken, ObjectMissing) as answer:  # to the question, and no failure of the store
                told: Exception = answer
        raise told

    async def _asked(self, work: Callable[..., T], *args: object) -> T:
        try:
            return await asyncio.to_thread(work, *args)
        except S3Error as error:
            if error.code in ABSENT:
                raise ObjectMissing(f"{error.object_name} is not in {self._where}") from None
            if error.code in TAKEN:
                raise _Taken from None
            if error.code in REFUSED:
                raise Rejected(f"{self._where} refuses: {error.code}, {error.message}; look at its policy") from error
            raise Transient(f"{self._where}: {error.code}, {error.message}") from error
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Transient(f"{self._where} does not answer: {error}") from error


class _Taken(Exception):
    pass
