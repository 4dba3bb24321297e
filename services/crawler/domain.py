"""When an address is visited again (pure)."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

DAY_S = 86_400.0
FIRST_CONTENT_INTERVAL_S = 600.0  # a new post gets its replies and edits in its first hours
MOST_INDEX_INTERVALS = 8  # an index page deep in the archive is looked at this many times less often than the first
FIRST_BACKOFF_S, MOST_BACKOFF_S = 5.0, 6 * 3600.0  # a site that restarts is back in seconds, a dead one costs nothing


class PageKind(StrEnum):
    """What an address turned out to be."""

    START = "start"  # where a site begins: its newest is listed there
    FEED = "feed"  # feed or sitemap
    INDEX = "index"  # leads on, says nothing itself
    CONTENT = "content"
    UNKNOWN = "unknown"  # not visited yet
    GONE = "gone"  # nothing to see: 404, 410, 451, a soft 404, or robots.txt forbids it


MOST_HOPS = 5  # redirects of a reported address, or of a site's beginning, that are followed


class Priority(IntEnum):
    """Which of a host's due addresses comes first. Removal checks, which are in no frontier, come after reports.

    What lists new posts comes before the posts: there are few of it, and it must not starve behind an archive.
    """

    REPORT = 0  # a victim, or an officer for them, gave the address
    LISTING = 1
    FIRST = 2
    AGAIN = 3
    ASIDE = 4  # other views of a page that is known


class Urgency(IntEnum):
    """Which of the due hosts comes first, when more are due than can be visited.

    A site is known bad while the agency asks for removals there: a crawler does not learn what the classifier flags,
    but it is asked for the checks. That it found content says nothing: most content is harmless.
    """

    REPORT = 0
    CHECK = 1
    KNOWN_BAD = 2
    ORDINARY = 3


@dataclass(frozen=True)
class Next:
    """When to come again, counted from now, and how urgent it is then."""

    after_s: float
    priority: Priority


def next_visit(kind: PageKind, last_interval_s: float, changed: bool, revisit_s: float, *, deep: bool = False) -> Next:
    """`revisit_s` is the site's pace of revisits; `last_interval_s` the one before this visit, 0 at the first. `deep`:
    it is not the site's beginning that led here.

    The site's beginning comes again at its pace. Other pages wait twice as long each time they are found unchanged and
    half as long when they changed: content, after its first ten minutes, from the pace to a day, index pages and feeds
    near it. But every post may have a feed of its own: deep ones are as content.
    """
    match kind:
        case PageKind.START:
            return Next(revisit_s, Priority.LISTING)
        case PageKind.FEED if not deep:
            return Next(
                _adapted(last_interval_s or revisit_s, changed, revisit_s, MOST_INDEX_INTERVALS), Priority.LISTING
            )
        case PageKind.INDEX:
            return Next(
                _adapted(last_interval_s or revisit_s, changed, revisit_s, MOST_INDEX_INTERVALS), Priority.AGAIN
            )
        case _ if not last_interval_s:
            return Next(max(FIRST_CONTENT_INTERVAL_S, revisit_s), Priority.AGAIN)
        case _:
            return Next(_adapted(last_interval_s, changed, revisit_s, DAY_S / revisit_s), Priority.AGAIN)


def _adapted(interval_s: float, changed: bool, least_s: float, most_times: float) -> float:
    wanted = interval_s / 2 if changed else interval_s * 2
    return max(least_s, min(wanted, least_s * most_times))


def backoff_s(failures: int) -> float:
    """Seconds until a page that failed `failures` times in a row is tried again: 5, 10, 20 … six hours."""
    return min(FIRST_BACKOFF_S * 2.0 ** min(failures - 1, 30), MOST_BACKOFF_S)
