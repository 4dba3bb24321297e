"""One capture: the plan, tried a few times before the page is given up."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import structlog

from services.evidence.capture.browser import Browser
from services.evidence.capture.captured import Captured
from services.evidence.capture.looking import Looking
from services.evidence.capture.plan import PLAN
from services.evidence.capture.running import run
from services.evidence.capture.traffic import Traffic
from services.evidence.capture.work import Step, Work
from services.evidence.circumstances.around import Around
from services.evidence.domain import ATTEMPTS, PageFailed, PageGone
from services.evidence.settings import Settings
from shared.clock import Clock
from shared.events import ContentFlagged
from shared.net import Fetcher

log = structlog.get_logger()


class Capture:
    """A resource: `await capture(event)`. Raises `PageFailed` when the page cannot be had, `Transient` when Chromium
    or a child process cannot."""

    def __init__(
        self, fetcher: Fetcher, browser: Browser, settings: Settings, clock: Clock, plan: Sequence[Step] = PLAN
    ) -> None:
        self._fetcher, self._browser, self._settings, self._clock = fetcher, browser, settings, clock
        self._plan, self._looking, self._around = plan, Looking(), Around(fetcher, settings, clock)

    async def __aenter__(self) -> Self:
        await self._looking.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._looking.__aexit__(kind, error, trace)

    async def __call__(self, event: ContentFlagged) -> Captured:
        failure = PageFailed("no attempt was made")
        for attempt in ATTEMPTS:
            await self._clock.sleep(attempt.wait_s)
            try:
                return await self._once(event, attempt.scripts)
            except PageGone:
                raise
            except PageFailed as error:
                log.warning("a capture failed", case=str(event.case_id), scripts=attempt.scripts)
                failure = error
        raise failure

    async def _once(self, event: ContentFlagged, scripts: bool) -> Captured:
        started_at = self._clock.now()
        user_agent = self._settings.capture_user_agent or await self._browser.user_agent()
        work = Work(
            event=event,
            settings=self._settings,
            clock=self._clock,
            fetcher=self._fetcher,
            browser=self._browser,
            # As it was found: a site may answer to some country alone, or only within a network of its own.
            traffic=Traffic(self._fetcher, self._clock, user_agent, event.finding.language, event.capture.exit or None),
            look=self._looking,
            around=self._around,
            user_agent=user_agent,
            scripts=scripts,
        )
        steps = await run(self._plan, work)
        return Captured(started_at, self._clock.now(), steps)
