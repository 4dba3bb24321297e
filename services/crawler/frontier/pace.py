"""How fast a host may be asked, and how long it is left alone when it refuses or is dead (pure)."""

from services.crawler.domain import backoff_s
from shared.net.retry_after import MOST_RETRY_AFTER_S as MOST_RETRY_AFTER_S
from shared.net.retry_after import retry_after_s as retry_after_s

DEFAULT_GAP_S = 1.0  # for hosts that no site names a pace for, as other crawlers hold it
REFUSALS = frozenset({429, 503})
# Visits in a row without an answer, whatever their addresses, after which a host counts as broken: enough that a few
# bad pages do not stop a site. It is then probed after one minute, two, four … six hours.
FAILURES_THAT_BREAK = 5
FIRST_PROBE_S, LAST_PROBE_S = 60.0, 6 * 3600.0


def refused_s(refusals: int, asked_s: float) -> float:
    """How long a host is left alone after its `refusals`-th refusal in a row (429, 503): at least as long as it asked
    for, and 5, 10, 20 … seconds. No longer than an hour."""
    return max(asked_s, min(backoff_s(refusals), MOST_RETRY_AFTER_S))


def broken_s(failures: int) -> float:
    """How long a host rests before its next probe, after `failures` visits in a row without an answer."""
    if failures < FAILURES_THAT_BREAK:
        return 0.0
    return float(min(FIRST_PROBE_S * 2.0 ** min(failures - FAILURES_THAT_BREAK, 30), LAST_PROBE_S))
