"""A flagged finding is captured and sealed; what cannot be captured is said to have failed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from haetae_verify.manifest import NAME
from services.evidence.capture.captured import FAILED, Captured, outcome
from services.evidence.circumstances.surroundings import surroundings
from services.evidence.custody import lines
from services.evidence.domain import File, PageFailed, clean
from services.evidence.listing import store as listing
from services.evidence.orders import facts
from services.evidence.orders.destruction import GONE, begun
from services.evidence.seal.manifest import kept, manifest
from services.evidence.seal.sealer import Seal, Sealer
from services.evidence.store import Evidence
from shared.database import Transaction
from shared.events import Artifact, ContentFlagged, CustodyAction, EvidenceFailed, EvidenceSealed, Stamp, Surroundings
from shared.events.values import SealedObject
from shared.failures import Transient
from shared.objects.vault import KeyDestroyed, Vault
from shared.observing import took
from shared.version import VERSION

log = structlog.get_logger()

SOFTWARE = f"Haetae {VERSION}"

# A store that restarts is waited for with the capture in hand: the page may be gone before there is another. For a
# longer outage memory is too dear; then the finding waits, and is captured again.
PUT_AGAIN_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)

Capture = Callable[[ContentFlagged], Awaitable[Captured]]


@dataclass(frozen=True)
class Sealed:
    """`objects`: what lies in the vault, the manifest last. `incomplete`: the steps that could not be done."""

    seal: Seal
    mode: str
    objects: tuple[SealedObject, ...]
    incomplete: tuple[str, ...]
    around: Surroundings | None = None


@dataclass(frozen=True)
class Failed:
    reason: str


async def preserve(
    event: ContentFlagged, *, mode: str, capture: Capture, vault: Vault, sealer: Sealer
) -> Sealed | Failed:
    """Capture into the vault. May run again after a crash: what was kept then stays beside, under its own digests."""
    if await vault.destroyed(event.case_id):
        return Failed(GONE)
    try:
        captured = await capture(event)
    except PageFailed as failure:
        return Failed(clean(str(failure)))
    files = await asyncio.to_thread(_files, event, captured, mode)
    seal = asyncio.create_task(sealer.seal(event.case_id, files[-1].data))
    try:
        await _put(vault, event.case_id, [file.data for file in files])
        incomplete = tuple(step.name for step in captured.steps if outcome(step) == FAILED)
        objects = tuple(file.sealed() for file in files)
        return Sealed(await seal, mode, objects, incomplete, surroundings(captured))
    except KeyDestroyed:
        return Failed(GONE)
    finally:
        seal.cancel()


async def _put(vault: Vault, case_id: UUID, pieces: Sequence[bytes]) -> None:
    """Raises `Transient` when the store is away for long, and what else `Vault.put_all` raises."""
    for wait_s in PUT_AGAIN_S:
        try:
            await vault.put_all(case_id, pieces)
        except Transient as failure:
            log.warning("what was captured waits for the store", after_s=wait_s, error=str(failure))
            await asyncio.sleep(wait_s)
        else:
            return
    await vault.put_all(case_id, pieces)


def _files(event: ContentFlagged, captured: Captured, mode: str) -> tuple[File, ...]:
    """All of a capture that may be kept, the manifest last."""
    listed = manifest(event, captured, mode, SOFTWARE)
    whole = (*captured.files, File(NAME, listed, "application/json", content=False))
    return tuple(file for file in whole if kept(file, mode))


async def seal(event: ContentFlagged, outcome: Sealed | Failed, tx: Transaction, *, sealer: Sealer) -> None:
    """In one transaction: the row, the seal with its stamps, the first lines of custody, and the event."""
    row = await tx.get(Evidence, event.case_id, lock=True)
    if row is None:
        row = Evidence(case_id=event.case_id, url=event.finding.url, objects=[])
        tx.add(row)
    if begun(row):
        outcome = Failed(GONE)
    match outcome:
        case Sealed():
            await _seal(event, outcome, row, tx, sealer)
        case Failed(reason):
            # What an earlier capture sealed stays sealed: the page may have been taken down since.
            row.failed_reason, row.failed_at = reason, tx.clock.now()
            tx.publish(EvidenceFailed(**_about(event), reason=reason, failed_at=row.failed_at))


async def _seal(event: ContentFlagged, sealed: Sealed, row: Evidence, tx: Transaction, sealer: Sealer) -> None:
    now, manifest_sha256 = tx.clock.now(), sealed.seal.manifest_sha256
    row.manifest_sha256, row.sealed_at, row.failed_reason, row.failed_at = manifest_sha256, now, None, None
    row.objects = [item.model_dump() for item in sealed.objects]
    artifacts = [Artifact(name=item.name, sha256=item.sha256) for item in sealed.objects]
    proof = {"manifest_sha256": manifest_sha256, "mode": sealed.mode}
    await lines.append(tx, event.case_id, lines.SELF, CustodyAction.COLLECTED, artifacts, {}, now)
    await lines.append(tx, event.case_id, lines.SELF, CustodyAction.SEALED, artifacts[-1:], proof, now)
    await sealer.keep(tx, event.case_id, sealed.seal)
    await facts.sealed(tx, event.case_id, event.assessment)
    await listing.sealed(tx, event.case_id, event.assessment)
    took("flagged_to_sealed", event.flagged_at, now)
    tx.publish(
        EvidenceSealed(
            **_about(event),
            manifest_sha256=manifest_sha256,
            objects=sealed.objects,
            sealed_at=now,
            mode=sealed.mode,
            stamps=tuple(Stamp(authority=stamp.authority, at=stamp.at) for stamp in sealed.seal.stamps),
            incomplete=sealed.incomplete,
            surroundings=sealed.around,
            began_at=event.began_at,
        )
    )


def _about(event: ContentFlagged) -> dict[str, object]:
    return {"case_id": event.case_id, "finding": event.finding, "assessment": event.assessment}
