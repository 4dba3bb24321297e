"""How many mails a recipient gets: so many an hour and a day, for each mailbox and for each registered domain."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OF_DOMAIN = "@"  # begins the name of a domain in the ledger; a mailbox's name is its address


@dataclass(frozen=True)
class Budget:
    """Mails in any sixty minutes and any twenty-four hours; `gap_s` seconds at least between two to one mailbox.

    The defaults are ours, no law's: a person at an abuse desk reads one in two minutes, and large mail providers begin
    to slow a sender that they do not know at a few hundred a day. A domain may have several mailboxes.
    """

    gap_s: float = 1.0
    mailbox_per_hour: int = 30
    mailbox_per_day: int = 200
    domain_per_hour: int = 120
    domain_per_day: int = 800

    def limits(self, name: str) -> tuple[int, int]:
        """An hour's and a day's."""
        if name.startswith(OF_DOMAIN):
            return self.domain_per_hour, self.domain_per_day
        return self.mailbox_per_hour, self.mailbox_per_day

    def gap(self, name: str) -> timedelta:
        return timedelta(seconds=0 if name.startswith(OF_DOMAIN) else self.gap_s)


class Allowances:
    """What is left of the budgets of some names at a moment, by the mails of the last day."""

    def __init__(self, budget: Budget, mailings: Iterable[tuple[str, datetime]], now: datetime) -> None:
        self._budget, self._now = budget, now
        self._times: dict[str, list[datetime]] = {}
        for name, at in mailings:
            self._times.setdefault(name, []).append(at)
        for times in self._times.values():
            times.sort()

    def left(self, names: Iterable[str]) -> int:
        """Mails that may go out now to all of these."""
        return min(self._left(name) for name in names)

    def take(self, names: Iterable[str]) -> None:
        """A mail goes out to these now."""
        for name in names:
            self._times.setdefault(name, []).append(self._now)

    def closed(self, names: Iterable[str]) -> Mapping[str, datetime]:
        """Until when nothing more goes to those of these that have had theirs."""
        free = {name: self.free_at(name) for name in names}
        return {name: at for name, at in free.items() if at > self._now}

    def free_at(self, name: str) -> datetime:
        """The first moment at which another mail may go."""
        times = self._times.get(name, [])
        an_hour, a_day = self._budget.limits(name)
        walls = [times[-count] + window for count, window in ((an_hour, HOUR), (a_day, DAY)) if len(times) >= count]
        gap = [times[-1] + self._budget.gap(name)] if times else []
        return max([self._now, *walls, *gap])

    def _left(self, name: str) -> int:
        if self.free_at(name) > self._now:
            return 0
        times, (an_hour, a_day) = self._times.get(name, []), self._budget.limits(name)
        in_hour = sum(at > self._now - HOUR for at in times)
        return min(an_hour - in_hour, a_day - sum(at > self._now - DAY for at in times))
