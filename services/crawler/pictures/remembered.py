"""What was made of an address's last answer, so that it need only be asked whether it changed."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.crawler.visits.asking import header
from shared.net import Fetched

T = TypeVar("T")


@dataclass(frozen=True)
class _Made(Generic[T]):
    value: T
    conditions: dict[str, str]


class Remembered(Generic[T]):
    """The `most` that were used last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: OrderedDict[str, _Made[T]] = OrderedDict()

    def conditions(self, url: str) -> dict[str, str]:
        """Headers to ask the address with."""
        made = self._made.get(url)
        return made.conditions if made else {}

    def value(self, url: str) -> T | None:
        made = self._made.get(url)
        return made.value if made else None

    def keep(self, url: str, value: T, answer: Fetched) -> T:
        validators = header(answer, "etag"), header(answer, "last-modified")
        self._made[url] = _Made(value, conditions(*validators))
        self._made.move_to_end(url)
        if len(self._made) > self._most:
            self._made.popitem(last=False)
        return value


def conditions(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Request headers that ask for the body only if it changed (RFC 9110, 13.1)."""
    wanted = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in wanted.items() if value}
