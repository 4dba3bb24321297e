"""How connectors ask: on their own host only, in its turn, and no secret ever comes back in an answer or an error."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol
from urllib.parse import quote, urlsplit

from services.crawler.registry.robots_rules import Rules
from services.crawler.visit import Watched
from services.crawler.visits.asking import Asker, redirect_of
from shared.failures import Failure, Rejected
from shared.net import Fetched
from shared.urls import host_of

PLACE = "{token}"  # braces are in no address
REDIRECTS = 3
FILE_S = 60.0  # for what a connector expects to be large: twenty megabytes at a common speed
STAY_AWAY = "robots.txt asks us to stay away"


@dataclass(frozen=True)
class Polite:
    """The `Ask` of one visit. `rules`: what robots.txt asks of us; None where it is not asked."""

    asker: Asker
    watched: Watched
    start_url: str
    rules: Rules | None

    async def __call__(
        self, url: str, *, headers: Mapping[str, str] | None = None, max_bytes: int | None = None
    ) -> Fetched:
        if origin(url) != origin(self.start_url):
            raise Rejected(f"{url[:200]} is on another host than the site's address: not followed")
        self._must_be_allowed(url)
        patience_s = FILE_S if max_bytes else None
        ask = partial(self.asker.get, headers=headers, max_bytes=max_bytes, watched=self.watched, timeout_s=patience_s)
        return await self._with_token(url, ask) if PLACE in url else await self._followed(url, ask)

    def _must_be_allowed(self, url: str) -> None:
        if self.rules and not self.rules.allow(url):
            raise Rejected(f"{url[:200]}: {STAY_AWAY}")

    async def _followed(self, url: str, ask: "Get") -> Fetched:
        """Redirects of the host itself, to https too. The last one is given back as it is."""
        answer = await ask(url)
        for _ in range(REDIRECTS):
            onward = redirect_of(answer)
            if onward is None:
                break
            if host_of(onward) != self.watched.site.host:
                cure = "list the site with that address if it moved there"
                raise Rejected(f"{url[:200]} redirects to {onward[:200]}, another host: not followed; {cure}")
            self._must_be_allowed(onward)
            answer = await ask(onward)
        return answer

    async def _with_token(self, url: str, ask: "Get") -> Fetched:
        """Not redirected: a secret goes where we send it, and nowhere else."""
        token = self.asker.ways.token_of(self.watched)
        if token is None:
            raise Rejected("credential: this connector needs one with a token; name it in the site's line")
        try:
            answer = await ask(url.replace(PLACE, quote(token, safe=":")))
        except Failure as failure:
            failure.args = (hidden(str(failure), token),)
            raise failure from None
        # Some servers quote the address that they were asked for. Latin-1 gives every byte back as it was.
        return replace(
            answer,
            url=url,
            final_url=url,
            headers={name: hidden(value, token) for name, value in answer.headers.items()},
            raw_headers=tuple((name, hidden(value, token)) for name, value in answer.raw_headers),
            body=hidden(answer.body.decode("latin-1"), token).encode("latin-1"),
        )


class Get(Protocol):
    """Hands a redirect back as it is."""

    def __call__(self, url: str) -> Awaitable[Fetched]: ...


def hidden(words: str, token: str) -> str:
    for spelled in (token, quote(token, safe=":"), quote(token, safe="")):
        words = words.replace(spelled, PLACE)
    return words


def origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
