"""As whom a removal check asks, and what each of its requests brought."""

import hashlib
from dataclasses import dataclass

from services.crawler.registry.ways import NoWay
from services.crawler.removals.removal import Answer
from services.crawler.visit import Watched
from services.crawler.visits.asking import Asker
from shared.clock import Clock
from shared.events.values import Finding
from shared.failures import Failure
from shared.net import Fetched
from shared.urls import host_of

REDIRECTS = 5
# No cache may answer for the server. In the words of a browser that loads anew: others would tell us from visitors.
FRESH = {"Cache-Control": "no-cache", "Pragma": "no-cache"}


@dataclass(frozen=True)
class Vantage:
    """Who asks, by which exit (None: as the site is always asked), and whether pages that scripts write are drawn."""

    name: str
    user_agent: str
    exit: str | None = None
    draws: bool = False


@dataclass(frozen=True)
class Guise:
    """One vantage, asking after one finding. robots.txt does not apply: the agency looks whether a notice was followed,
    it does not crawl."""

    vantage: Vantage
    finding: Finding
    watched: Watched | None
    asker: Asker
    clock: Clock

    async def get(self, url: str, max_bytes: int | None = None, *, cut: bool = True) -> Fetched:
        """As `Asker.get`."""
        return await self.asker.get(
            url,
            user_agent=self.vantage.user_agent,
            # As a visitor of the site's own language asks: some sites remove for foreigners only.
            headers={**FRESH, "Accept-Language": f"{self.finding.language or 'en'},en;q=0.5"},
            max_bytes=max_bytes,
            redirects=REDIRECTS,
            watched=self.watched,
            exit=self.vantage.exit,
            cut=cut,
        )

    def came(self, url: str, got: Fetched) -> Answer:
        return Answer(
            url,
            self.vantage.name,
            got.status,
            seen_at=self.clock.now(),
            address=got.address,
            exit=self._exit(url),
            sha256=hashlib.sha256(got.body).hexdigest(),
        )

    def nothing(self, url: str, failure: Failure) -> Answer:
        return Answer(url, self.vantage.name, None, str(failure), seen_at=self.clock.now(), exit=self._exit(url))

    def _exit(self, url: str) -> str:
        """That was used, whoever named it: the site may have one of its own."""
        try:
            return self.asker.ways.exit_for(self.watched, host_of(url), self.vantage.exit) or ""
        except NoWay:
            return ""
