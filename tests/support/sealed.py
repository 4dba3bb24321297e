"""A case whose evidence is sealed, in a real database and a vault of folders, without a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from haetae_verify.canonical import digest
from services.evidence.bundle.making import make
from services.evidence.capture.captured import Captured
from services.evidence.capture.work import Made, StepDone
from services.evidence.custody import lines
from services.evidence.domain import File
from services.evidence.orders.store import Order
from services.evidence.seal.manifest import FULL, kept, manifest
from services.evidence.seal.sealer import Sealer
from services.evidence.settings import Settings
from services.evidence.store import Evidence
from shared.clock import Clock
from shared.database import Database
from shared.events import Artifact, CustodyAction
from shared.objects.exports import Exports
from shared.objects.folder import FolderStore
from shared.objects.vault import Vault
from tests.support.captures import flagged
from tests.support.pages import picture

URL = "https://harbour-board.en.test/post/41"
WORDS = "The lantern parcel waits at gate seven."
BOXES = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="5" height="5"/></svg>'


@dataclass
class House:
    """What evidence has open while it works."""

    database: Database
    vault: Vault
    exports: Exports
    sealer: Sealer
    settings: Settings
    clock: Clock
    objects: FolderStore | None = None  # what the vault keeps them in, where that is a folder

    async def seal(self, url: str = URL, *, mode: str = FULL, more: tuple[File, ...] = ()) -> UUID:
        """Capture, seal and note what a page at `url` might have shown; the case's id."""
        event = flagged(url, (url + ".jpg", picture()))
        captured = captured_at(self.clock.now(), more)
        data = manifest(event, captured, mode, "Haetae test")
        await self.vault.put_all(event.case_id, [data, *(file.data for file in captured.files if kept(file, mode))])
        seal = await self.sealer.seal(event.case_id, data)
        listed = [Artifact(name=file.name, sha256=digest(file.data)) for file in captured.files]
        details = {"manifest_sha256": seal.manifest_sha256, "mode": mode}
        async with self.database.transaction() as tx:
            now = self.clock.now()
            tx.add(Evidence(case_id=event.case_id, url=url, manifest_sha256=seal.manifest_sha256, sealed_at=now))
            await lines.append(tx, event.case_id, lines.SELF, CustodyAction.COLLECTED, listed, {}, now)
            await lines.append(tx, event.case_id, lines.SELF, CustodyAction.SEALED, (), details, now)
            await self.sealer.keep(tx, event.case_id, seal)
        return event.case_id

    def order(self, case_id: UUID, why: str = "asked for by the police") -> Order:
        return Order(
            order_id=uuid4(),
            case_id=case_id,
            kind="bundle",
            by="official-2",
            why=why,
            basis="견본법 제1조",
            terms={},
            ordered_at=self.clock.now(),
        )

    async def bundle(self, order: Order) -> tuple[dict[str, object], bytes]:
        """What the order came to, and the file."""
        office = self.settings.office()
        result = await make(self.database, self.vault, self.exports, self.sealer.key, order, office=office)
        return result, b"".join([part async for part in self.exports.get(order.case_id, order.order_id)])


@asynccontextmanager
async def house(folder: Path, database: Database, settings: Settings, clock: Clock) -> AsyncIterator[House]:
    objects = FolderStore(folder / "evidence")
    vault = Vault(objects, FolderStore(folder / "keys"), bytes(32))
    exports = Exports(FolderStore(folder / "exports"), vault.keys, clock)
    async with Sealer(settings, clock) as sealer:
        yield House(database, vault, exports, sealer, settings, clock, objects)


def captured_at(at: datetime, more: tuple[File, ...] = ()) -> Captured:
    shot = File("screenshot.jpg", picture(64, 200), "image/jpeg")
    redacted = File("screenshot-redacted.jpg", picture(60, 190), "image/jpeg")
    text = File("text.txt", WORDS.encode(), "text/plain; charset=utf-8")
    layout = File("layout.svg", BOXES.encode(), "image/svg+xml", content=False)
    return Captured(
        at,
        at,
        (
            StepDone("document", at, at, Made((), {"address": "127.77.0.3"})),
            StepDone("render", at, at, Made((text, *more), {})),
            StepDone("screenshots", at, at, Made((shot, redacted), {})),
            StepDone("layout", at, at, Made((layout,), {})),
            StepDone("tls", at, at, Made(), "the server speaks no TLS"),
            StepDone("media", at, at, Made((), {"pictures": []})),
        ),
    )
