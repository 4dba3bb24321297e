"""A second, independent look: plain HTTP without a browser, over connections of its own, as who we are."""

import asyncio
import io
from collections.abc import Iterator, Mapping

import httpx

from services.evidence.archive.looks import Second, SecondPicture
from services.evidence.archive.warc import Warc
from services.evidence.capture.traffic import MAX_HOPS, recorded
from services.evidence.capture.work import Json, Made, StepFailed, Work
from services.evidence.domain import Exchange, File, clean
from shared.events.values import Picture
from shared.net import AddressRefused, Fault, FetchFailed, location_of
from shared.net.exits import is_onion
from shared.net.fetcher import REDIRECTS, joined
from shared.version import VERSION

# An archive of its own: in the capture's, a replay would show now this, now that answer of the same address.
NAME, MEDIA_TYPE = "second.warc.gz", "application/warc"
MAX_PICTURES = 4  # of the finding, all at once: they bear out the others
MAX_PICTURE_BYTES = 4 * 1024 * 1024  # boards' photographs have 0.1-3 MB; larger ones are the first look's alone
MOST = 28 * 1024 * 1024  # of all bodies and heads: 2 MiB for the page, 16 for pictures; an object of the vault has 32


async def second(work: Work) -> Made:
    """Raises `StepFailed` when the page does not answer in time; pictures that do not are missing, with the reason."""
    asking = Asking(work)
    page = await asking.tried(work.event.finding.url, work.fetcher.settings.max_page_bytes, cut=True)
    if isinstance(page, str):
        raise StepFailed(page)
    pictures = await asyncio.gather(*(_picture(asking, *one) for one in _chosen(work.event.finding.pictures)))
    look = work.second = Second(page, tuple(asking.exchanges), tuple(pictures), asking.exit or "")
    data = await asyncio.to_thread(_archived, look, work)
    return Made((File(NAME, data, MEDIA_TYPE),), _facts(look))


class Asking:
    """Every answer of the look, in `exchanges`; all of them within its time."""

    def __init__(self, work: Work) -> None:
        self._work, self.exit = work, exit_for(work)
        self._until = asyncio.get_running_loop().time() + work.settings.second_seconds
        self.exchanges: list[Exchange] = []

    async def tried(
        self, url: str, most: int, *, cut: bool, headers: Mapping[str, str] | None = None
    ) -> Exchange | str:
        """The last answer, redirects followed; or why there is none."""
        try:
            async with asyncio.timeout_at(self._until):
                return await self._followed(url, most, cut, headers or {})
        except TimeoutError:
            return f"{clean(url)}: no whole answer within {self._work.settings.second_seconds:g} s"
        except (AddressRefused, FetchFailed, httpx.InvalidURL) as error:  # an address may grow too long by redirects
            return clean(str(error))

    async def _followed(self, url: str, most: int, cut: bool, headers: Mapping[str, str]) -> Exchange:
        asked = url
        for _ in range(MAX_HOPS + 1):
            exchange = await self._ask(url, most, cut, headers)
            location = location_of(exchange.headers)
            if exchange.status not in REDIRECTS or not location:
                return exchange
            url = joined(httpx.URL(exchange.url), location)
        raise FetchFailed(f"{asked}: more than {MAX_HOPS} redirects", Fault.REDIRECTS)

    async def _ask(self, url: str, most: int, cut: bool, headers: Mapping[str, str]) -> Exchange:
        sent = {"accept-language": self._work.traffic.languages, **headers}
        at = self._work.clock.now()
        fetched = await self._work.fetcher.get(
            url,
            headers=sent,
            max_bytes=most,
            redirects=0,
            exit=self.exit,
            cut=cut,
            fresh=True,
        )
        exchange = recorded(fetched, {"user-agent": self._work.settings.user_agent, **sent}, at)
        self.exchanges.append(exchange)
        return exchange


def exit_for(work: Work) -> str | None:
    """The second look's own, if there is one and it can lead there."""
    if is_onion(httpx.URL(work.event.finding.url).host):
        return work.traffic.exit
    return work.settings.second_exit or work.traffic.exit


def _chosen(pictures: tuple[Picture, ...]) -> list[tuple[int, Picture]]:
    """Not those that stand in the page itself: the crawler names them by a fragment."""
    asked = [(number, picture) for number, picture in enumerate(pictures, start=1) if "#" not in picture.url]
    return asked[:MAX_PICTURES]


async def _picture(asking: Asking, number: int, picture: Picture) -> SecondPicture:
    referer = {"referer": asking.exchanges[0].url}
    answer = await asking.tried(picture.url, MAX_PICTURE_BYTES, cut=False, headers=referer)
    if isinstance(answer, str):
        return SecondPicture(number, None, answer)
    return SecondPicture(number, answer, "" if answer.status == 200 else f"its address answers {answer.status}")


def _archived(look: Second, work: Work) -> bytes:
    out = io.BytesIO()
    about = {
        "software": f"Haetae {VERSION}",
        "http-header-user-agent": work.settings.user_agent,
        "isPartOf": str(work.event.case_id),
        "description": "The second look: plain HTTP, without a browser",
    }
    warc = Warc(out, NAME, look.document.at, about, MOST)
    for exchange in look.exchanges:
        warc.exchange(exchange)
    return out.getvalue()


def _facts(look: Second) -> dict[str, Json]:
    return {
        "user_agent": clean(look.document.request_headers["user-agent"]),
        "exit": look.exit,
        "status": look.document.status,
        "final_url": clean(look.document.url),
        "address": look.document.address,
        "sha256": look.document.sha256,
        "bytes": len(look.document.body),
        "cut": look.document.cut,
        "requests": len(look.exchanges),
        "pictures": list(_told(look)),
    }


def _told(look: Second) -> Iterator[Json]:
    for one in look.pictures:
        yield {"number": one.number, "sha256": one.exchange.sha256 if one.exchange else None, "why": one.why}
