"""A flagged finding is captured and sealed; what cannot be captured is said to have failed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from haetae_verify.manifest import NAME
from services.evidence.capture.captured import Captured
from services.evidence.domain import File, PageFailed, clean
from services.evidence.seal.manifest import FULL, manifest
from services.evidence.store import Evidence
from shared.database import Transaction
from shared.events import ContentFlagged, EvidenceFailed, EvidenceSealed
from shared.events.values import SealedObject
from shared.objects.vault import Vault
from shared.version import VERSION

SOFTWARE = f"Haetae {VERSION}"

Capture = Callable[[ContentFlagged], Awaitable[Captured]]

log = structlog.get_logger()


@dataclass(frozen=True)
class Sealed:
    manifest_sha256: str
    objects: tuple[SealedObject, ...]


@dataclass(frozen=True)
class Failed:
    reason: str


async def preserve(
    event: ContentFlagged, *, capture: Callable[[ContentFlagged], Awaitable[Captured]], vault: Vault
) -> Sealed | Failed:
    """Capture into the vault. May run again after a crash: what was kept then stays beside, under its own digests."""
    try:
        captured = await capture(event)
    except PageFailed as failure:
        return Failed(clean(str(failure)))
    files = await asyncio.to_thread(_files, event, captured)
    await vault.put_all(event.case_id, [file.data for file in files])
    objects = tuple(file.sealed() for file in files)
    return Sealed(objects[-1].sha256, objects)


def _files(event: ContentFlagged, captured: Captured) -> tuple[File, ...]:
    """All of a capture, the manifest last."""
    listed = manifest(event, captured, FULL, SOFTWARE)
    return (*captured.files, File(NAME, listed, "application/json", content=False))


async def seal(event: ContentFlagged, outcome: Sealed | Failed, tx: Transaction) -> None:
    now = tx.clock.now()
    row = await tx.get(Evidence, event.case_id, lock=True)
    if row is None:
        row = Evidence(case_id=event.case_id, url=event.finding.url, objects=[])
        tx.add(row)
    common = {"case_id": event.case_id, "finding": event.finding, "assessment": event.assessment}
    match outcome:
        case Sealed(manifest_sha256, objects):
            row.manifest_sha256, row.sealed_at, row.failed_reason, row.failed_at = manifest_sha256, now, None, None
            row.objects = [item.model_dump() for item in objects]
            tx.publish(EvidenceSealed(**common, manifest_sha256=manifest_sha256, objects=objects, sealed_at=now))
        case Failed(reason):
            # What an earlier capture sealed stays sealed: the page may have been taken down since.
            row.failed_reason, row.failed_at = reason, now
            tx.publish(EvidenceFailed(**common, reason=reason, failed_at=now))
