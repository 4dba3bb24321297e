"""Retry-After (RFC 9110, 10.2.3), as somebody else sends it (pure)."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# A longer one is not believed: a site must not be able to send its watchers away for a month.
MOST_RETRY_AFTER_S = 3_600.0


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
