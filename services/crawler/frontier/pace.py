"""How fast a host may be asked, and how long it is left alone when it refuses or is dead (pure)."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from services.crawler.domain import backoff_s

DEFAULT_GAP_S = 1.0  # for hosts that no site names a pace for, as other crawlers hold it
REFUSALS = frozenset({429, 503})
# A longer Retry-After is not believed: a site must not be able to send its watchers away for a month.
MOST_RETRY_AFTER_S = 3_600.0
# Visits in a row without an answer, whatever their addresses, after which a host counts as broken: enough that a few
# bad pages do not stop a site. It is then probed after one minute, two, four … six hours.
FAILURES_THAT_BREAK = 5
FIRST_PROBE_S, LAST_PROBE_S = 60.0, 6 * 3600.0


def retry_after_s(value: str | None, now: datetime, most_s: float = MOST_RETRY_AFTER_S) -> float:
    """Seconds that a Retry-After asks for (RFC 9110, 10.2.3: seconds or a date), capped; 0 when it says nothing."""
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        return min(float(text), most_s)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    if moment.tzinfo is None:  # "-0000": the date says that its zone is unknown; HTTP dates are in UTC
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), most_s)


def refused_s(refusals: int, asked_s: float) -> float:
    """How long a host is left alone after its `refusals`-th refusal in a row (429, 503): at least as long as it asked
    for, and 5, 10, 20 … seconds. No longer than an hour."""
    return max(asked_s, min(backoff_s(refusals), MOST_RETRY_AFTER_S))


def broken_s(failures: int) -> float:
    """How long a host rests before its next probe, after `failures` visits in a row without an answer."""
    if failures < FAILURES_THAT_BREAK:
        return 0.0
    return float(min(FIRST_PROBE_S * 2.0 ** min(failures - FAILURES_THAT_BREAK, 30), LAST_PROBE_S))
