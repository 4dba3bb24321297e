"""One capture: fetch the page, show it, preserve the finding's pictures; tried a few times before it is given up."""

import asyncio
from collections.abc import Mapping

import structlog

from services.evidence.capture.browser import Browser
from services.evidence.capture.traffic import TooMuch, Traffic
from services.evidence.domain import (
    ATTEMPTS,
    Captured,
    Exchange,
    PageFailed,
    PageGone,
    Preserved,
    check_status,
)
from services.evidence.settings import Settings
from shared.clock import Clock
from shared.events.values import Finding, Picture
from shared.net import AddressRefused, Fetcher, FetchFailed

log = structlog.get_logger()


class Capture:
    """`await capture(finding)`. Raises `PageFailed` when the page cannot be had, `Transient` when Chromium cannot."""

    def __init__(self, fetcher: Fetcher, browser: Browser, settings: Settings, clock: Clock) -> None:
        self._fetcher, self._browser, self._settings, self._clock = fetcher, browser, settings, clock

    async def __call__(self, finding: Finding) -> Captured:
        failure = PageFailed("no attempt was made")
        for attempt in ATTEMPTS:
            await self._clock.sleep(attempt.wait_s)
            try:
                return await self._once(finding, attempt.scripts)
            except PageGone:
                raise
            except PageFailed as error:
                log.warning("a capture failed", url=finding.url, reason=str(error), scripts=attempt.scripts)
                failure = error
        raise failure

    async def _once(self, finding: Finding, scripts: bool) -> Captured:
        started_at = self._clock.now()
        user_agent = self._settings.capture_user_agent or await self._browser.user_agent()
        traffic = Traffic(self._fetcher, self._clock, user_agent, finding.language)
        document = await page_of(finding, traffic)
        rendering = await self._browser.render(
            document, traffic, user_agent=user_agent, scripts=scripts, timeout=self._settings.capture_seconds
        )
        pictures = await preserve(finding, traffic)
        return Captured(
            started_at=started_at,
            finished_at=self._clock.now(),
            scripts=scripts,
            document=document,
            rendering=rendering,
            exchanges=tuple(traffic.exchanges),
            refusals=tuple(traffic.refusals),
            pictures=pictures,
        )


async def page_of(finding: Finding, traffic: Traffic) -> Exchange:
    try:
        document = await traffic.load_document(finding.url)
    except AddressRefused as error:
        raise PageGone(str(error)) from error
    except FetchFailed as error:
        raise PageFailed(str(error)) from error
    check_status(document)
    return document


async def preserve(finding: Finding, traffic: Traffic) -> tuple[Preserved, ...]:
    """Every picture of the finding: as the page loaded it, else asked for by its address."""
    by_digest = {exchange.sha256: exchange for exchange in traffic.exchanges}
    return tuple(
        await asyncio.gather(
            *(
                _preserve(number, picture, by_digest, traffic)
                for number, picture in enumerate(finding.pictures, start=1)
            )
        )
    )


async def _preserve(number: int, picture: Picture, by_digest: Mapping[str, Exchange], traffic: Traffic) -> Preserved:
    def preserved(exchange: Exchange | None, note: str) -> Preserved:
        return Preserved(number, picture.url, picture.sha256, exchange, note)

    if loaded := by_digest.get(picture.sha256) or traffic.answered(picture.url):
        return preserved(loaded, "loaded by the page")
    if "#" in picture.url:  # how the crawler names what stands in the page itself
        return preserved(None, "a part of the page, which is preserved")
    try:
        exchange = await traffic.load(picture.url, {"referer": traffic.exchanges[0].url})
    except (AddressRefused, FetchFailed, TooMuch) as error:
        return preserved(None, f"not loaded by the page, and not to be had: {error}")
    if exchange.status != 200:
        return preserved(None, f"not loaded by the page, and its address answers {exchange.status}")
    return preserved(exchange, "not loaded by the page; asked for by its address")
