"""The quarantine: bytes that may matter in the next hours, sealed under a key of their day, which is then destroyed.

keys/<day>      the day's key, wrapped by the quarantine key; or the mark that it was destroyed
<day>/<name>    an object

Days are in UTC. The wrapping key is not the master key: who fetches from the web must not hold what opens evidence.
The bucket must not keep versions: that the past cannot be read rests on it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, time, timedelta

from shared.clock import Clock
from shared.objects import cipher
from shared.objects.case_keys import DESTROYED
from shared.objects.cipher import Tampered
from shared.objects.keyring import key_of
from shared.objects.port import ObjectMissing, ObjectStore
from shared.objects.s3 import S3Store
from shared.settings import QuarantineSettings, S3Settings

KEYS = "keys"
KEPT_S = 60.0  # a day's key in the memory of who reads: without it every picture costs a second look into the store


class Quarantine:
    """`hours`: an object can be read for so long at least, and at most a day longer (and by who has just read another
    of that day, a minute)."""

    def __init__(self, store: ObjectStore, key: bytes, clock: Clock, hours: float) -> None:
        if len(key) != cipher.KEY_BYTES:
            raise ValueError(f"the quarantine key has {len(key)} bytes; it must have {cipher.KEY_BYTES}")
        self._store, self._key, self._clock, self._life = store, key, clock, timedelta(hours=hours)
        self._today: tuple[date, bytes] | None = None
        self._opened: dict[date, tuple[float, bytes]] = {}  # read keys, with the moment until which they are kept

    async def put(self, name: str, data: bytes) -> None:
        """Keep the bytes until their time is over. `name`: the SHA-256 of what was fetched, or begins with it."""
        day = self._clock.now().date()
        if self._today is None or self._today[0] != day:
            self._today = day, await self._key_for(day)
        place = _place(day, name)
        await self._store.put(place, await asyncio.to_thread(cipher.close, data, self._today[1], place.encode()))

    async def get(self, name: str) -> bytes:
        """Raises `ObjectMissing` when it is not there (any more), `Tampered`."""
        day = self._clock.now().date()
        while self._over_at(day) > self._clock.now():
            try:
                return await self._get(day, name)
            except ObjectMissing:
                day -= timedelta(days=1)
        raise ObjectMissing(f"{name} is not in the quarantine (any more)")

    async def sweep(self) -> tuple[date, ...]:
        """Destroy the keys of the days that are over, then what they sealed. Those days. Again is no error."""
        days = _days(await self._store.names(KEYS))
        over = tuple(day for day in sorted(days) if self._over_at(day) <= self._clock.now())
        if self._today and (self._today[0] in over or self._today[0] not in days):
            self._today = None  # somebody's clock was ahead; what would be sealed with it could not be opened
        for day in over:
            self._opened.pop(day, None)
            # First the key: whatever happens next, the day cannot be read. The mark goes last, so that nothing stays.
            await self._store.put(_key_place(day), DESTROYED)
            await self._store.clear(day.isoformat())
            await self._store.delete(_key_place(day))
        return over

    def _over_at(self, day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), time(), UTC) + self._life

    async def _get(self, day: date, name: str) -> bytes:
        place = _place(day, name)
        sealed = await self._store.get(place)
        key = await self._key_of(day)
        try:
            return await asyncio.to_thread(cipher.disclose, sealed, key, place.encode())
        except ValueError as error:
            raise Tampered(f"{place} of the quarantine does not open ({error}): it was changed") from error

    async def _key_of(self, day: date) -> bytes:
        until, key = self._opened.get(day, (0.0, b""))
        now = self._clock.monotonic()
        if now >= until:
            key = self._unwrapped(day, await self._store.get(_key_place(day)))
            self._opened = {day: (now + KEPT_S, key)}
        return key

    async def _key_for(self, day: date) -> bytes:
        """The day's key. Whoever comes second uses the first's."""
        key, place = cipher.new_key(), _key_place(day)
        if await self._store.put_new(place, cipher.close(key, self._key, place.encode())):
            return key
        return self._unwrapped(day, await self._store.get(place))

    def _unwrapped(self, day: date, wrapped: bytes) -> bytes:
        if wrapped == DESTROYED:
            raise ObjectMissing(f"the key of {day} was destroyed")
        try:
            return cipher.disclose(wrapped, self._key, _key_place(day).encode())
        except ValueError as error:
            raise Tampered(
                f"the key of {day} does not open ({error}): HAETAE_QUARANTINE_KEY is another than when it was made; "
                f"give the old one, or remove {_key_place(day)} from the bucket and with it what the day holds"
            ) from error


@asynccontextmanager
async def open_quarantine(settings: QuarantineSettings, clock: Clock) -> AsyncIterator[Quarantine | None]:
    """The quarantine in the S3 bucket `quarantine`; None where there is none. Raises `ValueError` for a wrong setting.

    In hash-only mode nothing is to be put into it, but what was put there before has an end: sweep it.
    """
    if settings.quarantine_key is None or settings.s3_endpoint is None:
        yield None
        return
    key = key_of(settings.quarantine_key, "HAETAE_QUARANTINE_KEY")
    store = S3Store(store_settings(settings), "quarantine")
    try:
        yield Quarantine(store, key, clock, settings.quarantine_hours)
    finally:
        store.close()


async def remove(store: ObjectStore, digests: Iterable[str]) -> int:
    """Delete these contents, and the frames of videos among them, from every day; how many objects.

    It takes neither a key nor the right to read. `store` is the quarantine's bucket. Raises `Transient` also when there
    is none.
    """
    days = sorted(_days(await store.names(KEYS)))
    return sum([await store.clear_beginning(f"{day}/{sha256}") for sha256 in digests for day in days])


def still_name(sha256: str, number: int) -> str:
    """Of a video's frame in quarantine, numbered as in `Video.frames`."""
    return f"{sha256}-{number}"


def why_hash_only(settings: QuarantineSettings) -> str | None:
    """Why nothing is kept, None when something is."""
    if settings.hash_only:
        return "HAETAE_HASH_ONLY is on"
    if settings.quarantine_key is None or settings.s3_endpoint is None:
        return "HAETAE_QUARANTINE_KEY or HAETAE_S3_ENDPOINT is not set"
    return None


def store_settings(settings: QuarantineSettings) -> S3Settings:
    if settings.s3_endpoint is None or settings.s3_access_key is None or settings.s3_secret_key is None:
        raise ValueError("HAETAE_S3_ENDPOINT is set, so set HAETAE_S3_ACCESS_KEY and HAETAE_S3_SECRET_KEY too")
    return S3Settings(
        s3_endpoint=settings.s3_endpoint,
        s3_access_key=settings.s3_access_key,
        s3_secret_key=settings.s3_secret_key,
        s3_secure=settings.s3_secure,
        s3_bucket_prefix=settings.s3_bucket_prefix,
        s3_region=settings.s3_region,
    )


def _days(keys: Iterable[str]) -> set[date]:
    """Whatever else somebody put there must not keep the days from ending."""
    days = set()
    for key in keys:
        with suppress(ValueError):
            days.add(date.fromisoformat(key.removeprefix(f"{KEYS}/")))
    return days


def _place(day: date, name: str) -> str:
    return f"{day}/{name}"


def _key_place(day: date) -> str:
    return f"{KEYS}/{day}"
