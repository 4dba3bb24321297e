"""What care needs to know of the process that it runs in: the key that seals what is counted of people, and whose
midnight ends a day. Set once, when the pages are put together: whoever claims or looks has a transaction and a login
only, and must not have to carry a key about."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo


@dataclass(frozen=True)
class House:
    """`key`: of this purpose alone (`Approvals.derived`). Another key begins the counters anew."""

    key: bytes
    timezone: tzinfo = UTC

    def day(self, now: datetime) -> date:
        return now.astimezone(self.timezone).date()

    def day_ends(self, now: datetime) -> datetime:
        return datetime.combine(self.day(now) + timedelta(days=1), datetime.min.time(), self.timezone)


_house: House | None = None


def use(house: House) -> None:
    global _house  # one process, one house
    _house = house


def the_house() -> House:
    """Raises `LookupError` before `use`: nobody's looks go uncounted silently."""
    if _house is None:
        raise LookupError("care: the house is not set; call services.gateway.care.house.use(House(key)) at the start")
    return _house
