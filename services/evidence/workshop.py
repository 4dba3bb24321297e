"""What captures need, opened once: the fetcher, the browser, the vault."""

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from services.evidence.capture.browser import Browser
from services.evidence.capture.capturing import Capture
from services.evidence.handlers import Failed, Sealed, preserve
from services.evidence.settings import Settings
from shared.clock import Clock
from shared.events import ContentFlagged
from shared.net import Fetcher
from shared.objects.vault import Vault, open_vault


class Workshop:
    browser: Browser
    vault: Vault

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        settings = self._settings
        async with AsyncExitStack() as opening:
            fetcher = await opening.enter_async_context(Fetcher(settings))
            self.vault = await opening.enter_async_context(open_vault(settings))
            self.browser = await opening.enter_async_context(Browser(settings.chromium, settings.captures_at_once))
            self._capture = await opening.enter_async_context(Capture(fetcher, self.browser, settings, self._clock))
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def preserve(self, event: ContentFlagged) -> Sealed | Failed:
        return await preserve(event, capture=self._capture, vault=self.vault)

    async def objects_ready(self) -> None:
        await self.vault.ready()

    async def chromium_ready(self) -> None:
        await self.browser.ready()
