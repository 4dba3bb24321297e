"""How connectors ask: on their own host only, in its turn, and no secret ever comes back in an answer or an error."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from services.crawler.asking import Asker
from services.crawler.robots_rules import Rules
from services.crawler.visit import Watched
from shared.failures import Rejected, Transient
from shared.net import Fetched

PLACE = "{token}"  # braces are in no address
REDIRECTS = 3
STAY_AWAY = "robots.txt asks us to stay away"


@dataclass(frozen=True)
class Polite:
    """The `Ask` of one visit. `rules`: what robots.txt asks of us; None where it is not asked."""

    asker: Asker
    watched: Watched
    start_url: str
    rules: Rules | None
    token: str | None

    async def __call__(
        self, url: str, *, headers: Mapping[str, str] | None = None, max_bytes: int | None = None
    ) -> Fetched:
        if origin(url) != origin(self.start_url):
            raise Rejected(f"{url[:200]} is on another host than the site's address: not followed")
        if self.rules and not self.rules.allow(url):
            raise Rejected(f"{url[:200]}: {STAY_AWAY}")
        try:
            answer = await self.asker.get(
                self._filled(url),
                headers=headers,
                max_bytes=max_bytes,
                redirects=0 if PLACE in url else REDIRECTS,  # a secret goes where we send it, not where we are sent
                watched=self.watched,
            )
        except Transient as failure:
            raise Transient(self.hidden(str(failure)), failure.after_s) from None
        except Rejected as failure:
            raise Rejected(self.hidden(str(failure))) from None
        return replace(answer, url=url, final_url=self.hidden(answer.final_url))

    def _filled(self, url: str) -> str:
        if PLACE not in url:
            return url
        if not self.token:
            raise Rejected('credential: this connector needs one with a token; name it in the site\'s "credential"')
        return url.replace(PLACE, quote(self.token, safe=":"))

    def hidden(self, words: str) -> str:
        for secret in {self.token, quote(self.token or "", safe=":"), quote(self.token or "", safe="")} - {None, ""}:
            words = words.replace(str(secret), PLACE)
        return words


def origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
