"""Report APIs as a channel: a notice becomes one report or several, as its recipient's connector says."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Self

from services.notifier.channels.api import ledger
from services.notifier.channels.api.connector import Connector
from services.notifier.channels.api.credentials import Credential
from services.notifier.channels.api.requests import check, parts_of, values_of
from services.notifier.channels.api.sending import Part, Sending
from services.notifier.channels.port import Letter, Unsendable, must_be_approved
from services.notifier.domain import Accepted, Failed
from shared.database import Database
from shared.failures import Transient
from shared.net.calling import Caller


@dataclass
class Api:
    """A resource: entered before the first notice."""

    connectors: Mapping[str, Connector]
    credentials: Mapping[str, Credential]
    caller: Caller
    database: Database
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self.caller)
        self._open.push_async_callback(self.database.close)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    def check(self, letter: Letter, now: datetime) -> None:
        """What an API does not take, or we may not send it, goes to a person when its turn comes: it must not keep the
        others of the approval."""
        must_be_approved(letter)

    async def deliver(self, letter: Letter, now: datetime) -> Accepted | Failed:
        try:
            must_be_approved(letter)
        except Unsendable as problem:
            return Failed(str(problem), final=True)
        try:
            connector, own = self.of(letter.notice.recipient.connector)
            values = values_of(letter.notice)
            check(connector, values)
        except Unsendable as problem:
            return Failed(str(problem), final=True, by_hand=True)
        every = list(parts_of(connector, values))
        parts = [Part(letter, number, len(every), its, connector, own) for number, its in enumerate(every)]
        try:
            return await self._deliver(parts, connector, now)
        except Transient as failure:
            return Failed(f"{connector.name}: {failure}")

    async def _deliver(self, parts: list[Part], connector: Connector, now: datetime) -> Accepted | Failed:
        """One report at a time: a delivery must not take longer than its lease."""
        async with self.database.transaction() as tx:
            done = await ledger.accepted(tx, parts[0].notice_id)
        waiting = [part for part in parts if part.number not in done]
        for part in waiting[:1]:
            receipt = await Sending(self.caller, self.database).deliver(part, now)
            if isinstance(receipt, Failed):
                return receipt
            done[part.number] = receipt
        if len(waiting) > 1:
            return Failed(f"{connector.name}: {len(done)} of {len(parts)} reports are accepted", counted=False)
        receipts = ", ".join(receipt for _, receipt in sorted(done.items()) if receipt)
        return Accepted(f"{connector.name}: report {receipts}" if receipts else f"{connector.name}: accepted")

    def of(self, name: str) -> tuple[Connector, Credential]:
        """Raises `Unsendable` with the cure."""
        if (connector := self.connectors.get(name)) is None:
            raise Unsendable(f"no connector is called {name!r}: put {name}.toml into HAETAE_CONNECTORS_DIR")
        own = self.credentials.get(connector.entry, Credential() if connector.auth.kind == "none" else None)
        if own is None:
            form = f", {connector.form_url}" if connector.form_url else ""
            raise Unsendable(
                f"{name}: HAETAE_CONNECTOR_CREDENTIALS_FILE has no entry [{connector.entry}]: "
                f"add one, or hand it in by the form{form}"
            )
        return connector, own
