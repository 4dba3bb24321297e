"""What captures need, opened once: the fetcher, the browser, the vault, the seal."""

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from services.evidence.capture.browser import Browser
from services.evidence.capture.capturing import Capture
from services.evidence.handlers import Failed, Sealed, preserve, seal
from services.evidence.modes import mode_of
from services.evidence.seal.owed import Debts
from services.evidence.seal.proofs import Proofs
from services.evidence.seal.sealer import Sealer
from services.evidence.settings import Settings
from shared.clock import Clock
from shared.database import Transaction
from shared.events import ContentFlagged
from shared.handling import Context
from shared.net import Fetcher
from shared.objects.exports import Exports, open_exports
from shared.objects.vault import Vault, open_vault


class Workshop:
    """Raises `ValueError` for a key or a list of authorities that is wrong, before anything is opened."""

    browser: Browser
    vault: Vault
    exports: Exports

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._sealer = Sealer(settings, clock)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        settings, clock = self._settings, self._clock
        async with AsyncExitStack() as opening:
            fetcher = await opening.enter_async_context(Fetcher(settings))
            self.vault = await opening.enter_async_context(open_vault(settings))
            self.exports = await opening.enter_async_context(open_exports(settings, self.vault, clock))
            await opening.enter_async_context(self._sealer)
            self._proofs = await opening.enter_async_context(Proofs(settings))
            self.browser = await opening.enter_async_context(Browser(settings.chromium, settings.captures_at_once))
            self._capture = await opening.enter_async_context(Capture(fetcher, self.browser, settings, clock))
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def preserve(self, event: ContentFlagged) -> Sealed | Failed:
        mode = mode_of(event.assessment.category, self._settings)
        return await preserve(event, mode=mode, capture=self._capture, vault=self.vault, sealer=self._sealer)

    async def seal(self, event: ContentFlagged, outcome: Sealed | Failed, tx: Transaction) -> None:
        await seal(event, outcome, tx, sealer=self._sealer)

    async def stamp(self, context: Context) -> None:
        """Stamps that are owed, and those that are to be renewed."""
        await Debts(self._sealer).run(context)

    async def prove(self, context: Context) -> None:
        """Proofs of calendars, where the agency wants them."""
        await self._proofs.run(context)

    async def objects_ready(self) -> None:
        await self.vault.ready()

    async def chromium_ready(self) -> None:
        await self.browser.ready()
