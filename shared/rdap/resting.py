"""Servers that asked to be left alone (RFC 7480, 5.5), and for how long."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from shared.clock import Clock

BUSY = frozenset({429, 503})
UNSAID_S, LEAST_S, MOST_S = 60.0, 1.0, 24 * 3600.0  # a registry's budgets are of a minute, an hour or a day
MOST_SERVERS = 1_000  # the directory names 600


class Resting:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def left_s(self, server: str) -> float:
        """Seconds in which the server is not to be asked; 0 when it may be."""
        return max(0.0, self._until.get(server, 0.0) - self._clock.monotonic())

    def rest(self, server: str, retry_after: str | None) -> float:
        """It answered that there was too much of us. How long it is left alone now."""
        now = self._clock.monotonic()
        self._until = {known: until for known, until in self._until.items() if until > now}
        if len(self._until) >= MOST_SERVERS:
            del self._until[min(self._until, key=self._until.__getitem__)]
        seconds = min(max(seconds_of(retry_after, self._clock.now()), LEAST_S), MOST_S)
        self._until[server] = now + seconds
        return seconds


def seconds_of(retry_after: str | None, now: datetime) -> float:
    """Seconds or a date (RFC 9110, 10.2.3); `UNSAID_S` for anything else."""
    told = (retry_after or "").strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    try:
        at = parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return UNSAID_S
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
