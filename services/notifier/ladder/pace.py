"""How long an hour of the ladder takes: an hour, but for demonstrations that cannot wait a day for a reminder.

Set once, when the process starts: whatever happens to a notice leads to a decision, and none of those who tell of it
know of settings. Only the reading of facts asks; decisions get the hour with them.
"""

from datetime import timedelta

import structlog

log = structlog.get_logger(__name__)

HOUR = timedelta(hours=1)
_hour = [HOUR]


def set_hour(seconds: float) -> None:
    _hour[0] = timedelta(seconds=seconds)
    if _hour[0] < HOUR:
        log.warning("the ladder's hours are short: for demonstrations only", seconds=seconds)


def hour() -> timedelta:
    return _hour[0]
