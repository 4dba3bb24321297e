"""What was answered, kept for a day, within so many bytes; what was used longest ago goes first."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

KEPT_S = 24 * 3600.0  # registrations change within days; captures of one site come by the hour
MOST_BYTES = 32 * 1024 * 1024  # an answer has 5-20 KB, so thousands of them


@dataclass(frozen=True)
class _Kept(Generic[T]):
    value: T
    size: int
    until: float


class Remembered(Generic[T]):
    def __init__(self, monotonic: Callable[[], float], most_bytes: int = MOST_BYTES) -> None:
        self._monotonic, self._most = monotonic, most_bytes
        self._kept: OrderedDict[str, _Kept[T]] = OrderedDict()
        self._bytes = 0

    def get(self, key: str, *, late: bool = False) -> T | None:
        """`late`: also what is older than a day, for want of anything newer."""
        kept = self._kept.get(key)
        if kept is None or (kept.until <= self._monotonic() and not late):
            return None
        self._kept.move_to_end(key)
        return kept.value

    def put(self, key: str, value: T, size: int) -> None:
        """`size`: about how many bytes it takes."""
        if (former := self._kept.pop(key, None)) is not None:
            self._bytes -= former.size
        self._kept[key] = _Kept(value, size, self._monotonic() + KEPT_S)
        self._bytes += size
        while self._bytes > self._most:
            self._bytes -= self._kept.popitem(last=False)[1].size
