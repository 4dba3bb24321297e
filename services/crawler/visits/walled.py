"""A visit that met a wall: what the frontier keeps of it (pure)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.crawler.domain import PageKind
from services.crawler.frontier.outcomes import failed, settled
from services.crawler.visit import Known, Visited
from shared.net import Fetched
from shared.pages.walls import Wall, Walled

MINUTE_S, HOUR_S, DAY_S = 60.0, 3_600.0, 86_400.0


@dataclass(frozen=True)
class Patience:
    """`page_s`: until the page is tried again. `host_s`: so long the whole host is left alone."""

    page_s: float
    host_s: float


# Who asks whether we are a person, or shuts out our country, does so on every page: asking on would only prove him
# right. A log-in may be wanted for this page alone. Nobody moves into a parked domain within an hour.
PATIENCE = {
    Wall.RATE_LIMIT: Patience(20 * MINUTE_S, 10 * MINUTE_S),
    Wall.CAPTCHA: Patience(6 * HOUR_S, HOUR_S),
    Wall.LOGIN: Patience(12 * HOUR_S, 0.0),
    Wall.GEO_BLOCK: Patience(12 * HOUR_S, 2 * HOUR_S),
    Wall.PARKED: Patience(3 * DAY_S, 6 * HOUR_S),
}


def walled(known: Known, wall: Walled, answer: Fetched, now: datetime) -> Visited:
    """Nothing of the page is known: what was known before stays. A soft 404 is a page that is gone."""
    if wall.wall is Wall.SOFT_404:
        return settled(known, PageKind.GONE, now, changed=False, answer=answer, problem=str(wall))
    patience = PATIENCE[wall.wall]
    return replace(
        failed(known, str(wall), known.failures + 1, now),
        next_at=now + timedelta(seconds=patience.page_s),
        hold_off_s=patience.host_s,
    )
