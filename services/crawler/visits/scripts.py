"""Scripts of pages that were drawn, for the next page of the site: no visitor's browser asks for them each time."""

from collections import OrderedDict
from dataclasses import dataclass

from shared.clock import Clock
from shared.net import Fetched

FRESH_S = 600.0  # a site that is deployed anew gets its new scripts within that time
MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class _Kept:
    answer: Fetched
    until: float


class Scripts:
    """By site and address: what one site's exit or secret brought is nobody else's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._bytes = 0

    def get(self, site: str, url: str) -> Fetched | None:
        kept = self._kept.get((site, url))
        if kept is None or kept.until < self._clock.monotonic():
            return None
        self._kept.move_to_end((site, url))
        return kept.answer

    def keep(self, site: str, url: str, answer: Fetched) -> None:
        if old := self._kept.pop((site, url), None):
            self._bytes -= len(old.answer.body)
        self._kept[site, url] = _Kept(answer, self._clock.monotonic() + FRESH_S)
        self._bytes += len(answer.body)
        while self._bytes > MOST_BYTES:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped.answer.body)
