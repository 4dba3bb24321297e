"""What a bundle is made of, read from the vault and the tables of seal and custody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from haetae_verify.canonical import NotCanonical, read
from haetae_verify.manifest import FORMAT
from services.evidence.bundle.contents import Contents, Json, Order, Stamped
from services.evidence.custody import lines
from services.evidence.orders import store as orders
from services.evidence.seal import kept, keys
from services.evidence.seal.store import Proof
from services.evidence.store import Evidence
from shared.database import Database, Transaction
from shared.events import Artifact, CustodyAction
from shared.failures import Rejected
from shared.objects.vault import KeyDestroyed, ObjectMissing, Tampered, Vault

DONE = "done"


@dataclass(frozen=True)
class Sealed:
    """What the tables hold of a seal, in the moment of the bundle's own line of custody."""

    order: Order
    seal: bytes
    stamps: tuple[Stamped, ...]
    roots: Mapping[str, bytes]
    public_keys: list[dict[str, Any]]
    proof: bytes | None
    custody: list[Json]


async def manifest_of(database: Database, vault: Vault, case_id: UUID) -> tuple[str, bytes]:
    """Digest and bytes of what was sealed last. Raises `Rejected` where there is nothing to bundle."""
    async with database.transaction() as tx:
        row = await tx.get(Evidence, case_id)
    if row is None or row.manifest_sha256 is None:
        why = f": {row.failed_reason}" if row and row.failed_reason else ""
        raise Rejected(f"case {case_id} has no sealed evidence{why}; there is nothing to make a bundle of")
    try:
        return row.manifest_sha256, await vault.get(case_id, row.manifest_sha256)
    except KeyDestroyed:
        raise Rejected(
            f"the evidence of case {case_id} was destroyed, so there is no bundle of it; what remains is its "
            f"certificate: haetae evidence certificate {case_id}"
        ) from None
    except ObjectMissing as error:
        raise Rejected(f"case {case_id}: the sealed manifest is not in the store any more ({error})") from error


async def file_of(vault: Vault, case_id: UUID, name: str, sha256: str) -> bytes:
    """A file of the evidence. Raises `Rejected` naming it when it is lost, or is not what was sealed."""
    try:
        return await vault.get(case_id, sha256)
    except ObjectMissing:
        raise Rejected(
            f"{name} of case {case_id} is not in the store any more: restore the bucket, then order anew"
        ) from None
    except Tampered as error:
        raise Rejected(f"{name} of case {case_id} is not as it was sealed: {error}") from error


def parsed(manifest: bytes) -> Json:
    """Raises `Rejected`."""
    try:
        content = read(manifest)
    except NotCanonical as error:
        raise Rejected(f"the manifest cannot be read: {error}") from error
    if content.get("format") != FORMAT:
        raise Rejected(f"the manifest has the format {content.get('format')!r}; bundles are made of {FORMAT!r}")
    return content


async def export(database: Database, ordered: orders.Order, manifest_sha256: str, files: list[Artifact]) -> Sealed:
    """The order's line of custody, once however often it is tried; the chain up to that line, and the seal's tables."""
    async with database.transaction() as tx:
        case_id = ordered.case_id
        await tx.get(lines.CustodyEnd, case_id, lock=True)  # whoever lost the order's lease may still be at it
        chain = await lines.read(tx, case_id)
        if not any(of_order(line, ordered) for line in chain):
            details = {
                "order_id": str(ordered.order_id),
                "why": ordered.why,
                "basis": ordered.basis,
                "manifest_sha256": manifest_sha256,
            }
            now = tx.clock.now()
            await lines.append(tx, case_id, ordered.by, CustodyAction.EXPORTED, files, details, now)
            chain = await lines.read(tx, case_id)
        return await _sealed(tx, ordered, manifest_sha256, chain)


def of_order(line: Json, ordered: orders.Order) -> bool:
    return bool(line["action"] == CustodyAction.EXPORTED and line["details"].get("order_id") == str(ordered.order_id))


async def _sealed(tx: Transaction, ordered: orders.Order, manifest_sha256: str, chain: list[Json]) -> Sealed:
    case_id = ordered.case_id
    seal = await kept.document(tx, case_id, manifest_sha256)
    if seal is None:
        raise Rejected(f"case {case_id} has no seal of the manifest {manifest_sha256}; capture it again")
    proof = await tx.get(Proof, (case_id, manifest_sha256))
    end = next(number for number, line in enumerate(chain) if of_order(line, ordered))
    at = datetime.fromisoformat(chain[end]["at"])
    return Sealed(
        order=Order(case_id, ordered.by, ordered.why, ordered.basis, at),
        seal=seal,
        stamps=tuple(
            Stamped(row.number, row.authority, row.covers, row.response, row.at)
            for row in await kept.stamps(tx, case_id, manifest_sha256)
        ),
        roots=await kept.roots(tx, case_id, manifest_sha256),
        public_keys=await keys.public_keys(tx),
        proof=proof.proof if proof else None,
        custody=chain[: end + 1],
    )


async def contents(vault: Vault, manifest: Json, manifest_sha256: str, sealed: Sealed) -> Contents:
    """With the facts of each step that was done, from its own manifest."""
    kept_files = {item["name"]: item["sha256"] for item in manifest["objects"] if item["kept"]}
    steps = {}
    for step in manifest["steps"]:
        if step["outcome"] == DONE and step["object"] in kept_files:
            told = read(await file_of(vault, sealed.order.case_id, step["object"], kept_files[step["object"]]))
            steps[step["name"]] = told["facts"]
    return Contents(
        order=sealed.order,
        manifest=manifest,
        manifest_sha256=manifest_sha256,
        seal=read(sealed.seal),
        stamps=sealed.stamps,
        custody=sealed.custody,
        steps=steps,
    )
