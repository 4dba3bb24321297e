"""The S3 store with a service's own key: reached, its buckets there, locked where promised, nobody else's in reach."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from deploy.local.buckets import S3Address
from deploy.local.s3 import BUCKETS
from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.patient import Patient
from shared.objects.s3 import client, pool

OBJECTS = Subject("objects")
# What a service keeps where; the buckets of others are none of its business.
NEEDED = {
    "evidence": ("evidence", "keys", "exports"),
    "gateway": ("evidence", "keys", "exports"),
    "crawler": ("quarantine",),
    "classifier": ("quarantine",),
}
# Evidence deletes there what is left of a destroyed case, and may list it for that.
KAFKA = "kafka"  # the embedded broker's
MAY_LIST = {"evidence": ("quarantine",)}
MOST_APART = timedelta(minutes=5)  # S3 refuses signatures that are older than 15 minutes
T = TypeVar("T")


@dataclass(frozen=True)
class Bucket:
    """`refused`: the store's code for why its objects cannot be listed; empty when they can. `retention`: of its
    object lock; None without one. `unseen`: whether it may not be asked."""

    name: str
    refused: str = ""
    versions: bool | None = None
    retention: str | None = None
    unseen: bool = False


async def look(patient: Patient) -> Sequence[Diagnosis]:
    if not patient.settings.s3_endpoint:
        return [OBJECTS.skipped("store", "no quarantine is configured: hash-only")]
    return await asyncio.to_thread(_look, patient)


def _look(patient: Patient) -> Sequence[Diagnosis]:
    connections = pool()
    connections.connection_pool_kw["retries"] = False  # a doctor asks once
    settings = patient.settings
    minio = client(_with_region(settings), connections)
    prefix, own = settings.s3_bucket_prefix, NEEDED[patient.service]
    try:
        answer = connections.request(
            "HEAD", f"{'https' if settings.s3_secure else 'http'}://{settings.s3_endpoint}/", retries=False
        )
        needed = [_bucket(minio, prefix + name) for name in own]
        others = [one.name for one in BUCKETS if one.name not in (*own, *MAY_LIST.get(patient.service, ()))]
        reached = [name for name in others if not _bucket(minio, prefix + name).refused]
    except (HTTPError, MinioException) as error:
        said = f"{settings.s3_endpoint}: {type(error).__name__}"
        cure = "see that the store runs, HAETAE_S3_ENDPOINT, and HAETAE_S3_SECURE (TLS or not)"
        return [OBJECTS.failed("reached", said, cure)]
    finally:
        connections.clear()
    found = [*judge_buckets(needed, prefix), *judge_reach(reached), *judge_clock(answer.headers, datetime.now(UTC))]
    return found or [OBJECTS.ok("buckets", f"{', '.join(prefix + name for name in own)}, and no others in reach")]


async def look_owner(patient: Patient) -> Sequence[Diagnosis]:
    """How the buckets are made, which the services' own keys may not ask."""
    if not patient.env.get("HAETAE_S3_ENDPOINT"):
        return [OBJECTS.skipped("store", "HAETAE_S3_ENDPOINT is not set")]
    return await asyncio.to_thread(_look_owner, S3Address.of(patient.env))


def _look_owner(address: S3Address) -> Sequence[Diagnosis]:
    minio, names = address.client(), [address.prefix + one.name for one in BUCKETS if one.name != KAFKA]
    try:
        found = list(judge_buckets([_bucket(minio, name) for name in names], address.prefix))
    except (HTTPError, MinioException):
        return []  # services tell that they do not reach it
    return found or [OBJECTS.ok("how buckets are made", "evidence cannot be deleted, keys can")]


def _with_region(settings: Any) -> Any:  # noqa: ANN401  # each service has a class of its own
    """The quarantine's key may not ask for the region where its settings name none."""
    asks = not hasattr(settings, "quarantine_key")
    return settings if settings.s3_region or asks else _Regional(settings)


class _Regional:
    s3_region = "us-east-1"  # without one the client asks for it, which takes a right of its own

    def __init__(self, settings: Any) -> None:  # noqa: ANN401  # each service has a class of its own
        self._settings = settings

    def __getattr__(self, name: str) -> object:
        return getattr(self._settings, name)


def _bucket(minio: Minio, name: str) -> Bucket:
    try:
        next(iter(minio.list_objects(name)), None)
    except S3Error as error:
        return Bucket(name, refused=error.code or "refused")
    versions = _asked(lambda: minio.get_bucket_versioning(name).status == "Enabled")
    try:
        return Bucket(name, versions=versions, retention=_retention(minio, name))
    except S3Error as error:
        return Bucket(name, versions=versions, unseen=error.code == "AccessDenied")


def _retention(minio: Minio, name: str) -> str | None:
    lock = minio.get_object_lock_config(name)
    return f"{lock.mode}, {lock.duration} {lock.duration_unit}" if lock.mode else None


def _asked(question: Callable[[], T]) -> T | None:
    with suppress(S3Error):
        return question()
    return None


def judge_buckets(buckets: Sequence[Bucket], prefix: str) -> Iterator[Diagnosis]:
    locked = {prefix + one.name for one in BUCKETS if one.lock}
    for bucket in buckets:
        what = f"bucket {bucket.name}"
        if bucket.refused:
            yield _refused(bucket)
        elif bucket.name in locked and bucket.retention is None and not bucket.unseen:
            said = "has no object lock with a retention: whoever has the key can delete evidence"
            cure = f"create {bucket.name} anew with object lock, and a default retention of years in compliance mode"
            yield OBJECTS.failed(what, said, cure)
        elif bucket.name == f"{prefix}keys" and bucket.versions:
            said = "keeps versions: destroyed keys of cases would stay in it"
            yield OBJECTS.failed(what, said, f"create {bucket.name} anew, without versioning")


def _refused(bucket: Bucket) -> Diagnosis:
    what = f"bucket {bucket.name}"
    match bucket.refused:
        case "NoSuchBucket":
            return OBJECTS.failed(
                what, "does not exist", "create it (docs/settings.md), or set HAETAE_S3_BUCKET_PREFIX"
            )
        case "InvalidAccessKeyId":
            return OBJECTS.failed("key", "the store does not know this access key", "set HAETAE_S3_ACCESS_KEY")
        case "SignatureDoesNotMatch":
            return OBJECTS.failed("key", "the secret key is not that of the access key", "set HAETAE_S3_SECRET_KEY")
        case "RequestTimeTooSkewed":
            return OBJECTS.failed("clock", "the store's clock is another than ours", "run NTP on both")
        case code:
            cure = "let this key use it, if it is there; else create it, or set HAETAE_S3_BUCKET_PREFIX"
            return OBJECTS.failed(what, f"refuses: {code}", cure)


def judge_reach(reached: Sequence[str]) -> Iterator[Diagnosis]:
    if reached:
        said = f"this key also opens {', '.join(reached)}"
        yield OBJECTS.failed("least privilege", said, "give the service a key of its own, with its buckets alone")


def judge_clock(headers: Any, now: datetime) -> Iterator[Diagnosis]:  # noqa: ANN401  # urllib3's mapping
    with suppress(TypeError, ValueError):
        ahead = parsedate_to_datetime(headers.get("date", "")) - now
        if abs(ahead) > MOST_APART:
            said = f"its clock is {ahead.total_seconds():+.0f} s from this machine's"
            yield OBJECTS.failed("clock", said, "run NTP on both: S3 refuses what was signed 15 minutes ago")
