"""A case with sealed evidence in a real vault, and the service's worker on orders about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from haetae_verify.canonical import digest
from services.evidence.custody import lines
from services.evidence.orders import facts
from services.evidence.orders.placing import Wanted, order_of, place
from services.evidence.orders.retention import Rules, load
from services.evidence.orders.store import Certificate, Order
from services.evidence.orders.tools import Tools
from services.evidence.orders.worker import Worker
from services.evidence.store import Evidence
from shared.clock import ManualClock
from shared.database import Database
from shared.events import Artifact, CustodyAction, OrderKind
from shared.events.examples import ASSESSMENT
from shared.identity import case_id, identity
from shared.objects.exports import Exports
from shared.objects.folder import FolderStore
from shared.objects.vault import Vault

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
MASTER = b"m" * 32
FILES = {
    "text.txt": b"The lantern parcel waits at gate seven.",
    "picture-1.jpg": b"\xff\xd8 a procedural picture",
    "manifest.json": b'{"format":"haetae-evidence/2"}',
}


async def no_bundle(*_: object) -> dict[str, Any]:
    raise AssertionError("no bundle was ordered here")


@dataclass
class Desk:
    """`step` carries out the next order, as the service's task does."""

    database: Database
    clock: ManualClock
    tools: Tools
    folder: Path
    placed: int = 0

    @classmethod
    def at(cls, folder: Path, database: Database, clock: ManualClock, rules: Rules | None = None) -> Desk:
        stores = {name: FolderStore(folder / name) for name in ("evidence", "keys", "exports", "quarantine")}
        vault = Vault(stores["evidence"], stores["keys"], MASTER)
        exports = Exports(stores["exports"], vault.keys, clock)
        tools = Tools(database, vault, exports, stores["quarantine"], KEY, rules or load(), no_bundle)
        return cls(database, clock, tools, folder)

    async def sealed(self, number: int = 1, **files: bytes) -> UUID:
        """As the handler of a flagged finding leaves a case."""
        case, content = case_id(f"http://harbour-board.en.test/post/{number}"), {**FILES, **files}
        await self.tools.vault.put_all(case, list(content.values()))
        objects = [
            {"name": name, "sha256": digest(data), "bytes": len(data), "media_type": "text/plain"}
            for name, data in content.items()
        ]
        manifest, now = digest(content["manifest.json"]), self.clock.now()
        artifacts = [Artifact(name=item["name"], sha256=item["sha256"]) for item in objects]
        async with self.database.transaction() as tx:
            row = Evidence(case_id=case, url="http://harbour-board.en.test/", objects=objects, sealed_at=now)
            row.manifest_sha256 = manifest
            tx.add(row)
            await tx.flush()
            await lines.append(tx, case, lines.SELF, CustodyAction.COLLECTED, artifacts, {}, now)
            details = {"manifest_sha256": manifest, "mode": "full"}
            await lines.append(tx, case, lines.SELF, CustodyAction.SEALED, (), details, now)
            await facts.sealed(tx, case, ASSESSMENT)
        return case

    async def order(self, case: UUID, kind: OrderKind, by: str = "reviewer-7", **terms: str) -> UUID:
        self.placed += 1
        order_id = identity("order", case, kind, self.placed)
        wanted = Wanted(case, kind, by, "the requester wishes it", "Rule 2-6", terms)
        async with self.database.transaction() as tx:
            await place(tx, order_id, wanted, self.clock.now())
        return order_id

    async def step(self, worker: str = "w") -> bool:
        return await Worker(self.tools, worker).step()

    async def done(self, case: UUID, kind: OrderKind, by: str = "reviewer-7", **terms: str) -> Order:
        """The order, carried out."""
        order_id = await self.order(case, kind, by, **terms)
        while await self.step():
            pass
        return await self.of(order_id)

    async def of(self, order_id: UUID) -> Order:
        async with self.database.transaction() as tx:
            order = await order_of(tx, order_id)
        assert order is not None
        return order

    async def row(self, case: UUID) -> Evidence:
        async with self.database.transaction() as tx:
            row = await tx.get(Evidence, case)
        assert row is not None
        return row

    async def custody(self, case: UUID) -> list[dict[str, Any]]:
        async with self.database.transaction() as tx:
            return await lines.read(tx, case)

    async def actions(self, case: UUID) -> list[str]:
        return [line["action"] for line in await self.custody(case)]

    async def certificate(self, case: UUID) -> bytes | None:
        async with self.database.transaction() as tx:
            return await tx.scalar(sa.select(Certificate.document).where(Certificate.case_id == case))

    def later(self, **by: float) -> None:
        self.clock.advance(timedelta(**by).total_seconds())
