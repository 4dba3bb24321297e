"""Sealed evidence, checked where it lies: the seal, its files, its chain of custody line by line. Whether time stamps
hold is told by the check of a bundle.
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from haetae_verify.bundle import SEAL_FORMAT
from haetae_verify.manifest import NAME, Listed, difference, parse
from haetae_verify.signed import BadSignature, check
from haetae_verify.stamps import SEAL
from haetae_verify.wrong import Wrong
from services.evidence.custody import lines
from services.evidence.seal import kept, keys
from services.evidence.store import Evidence
from shared.database import Database, Transaction
from shared.objects.vault import KeyDestroyed, ObjectMissing, Tampered, Vault


async def sealed_cases(database: Database) -> Sequence[UUID]:
    """Every case that has evidence."""
    async with database.transaction() as tx:
        rows = sa.select(Evidence.case_id).where(Evidence.sealed_at.is_not(None), Evidence.destroyed_at.is_(None))
        return await tx.scalars(rows.order_by(Evidence.case_id))


async def check_case(database: Database, vault: Vault, case_id: UUID) -> list[str]:
    """What is wrong with a case's custody and evidence, one sentence each. Destroyed evidence has custody alone."""
    async with database.transaction() as tx:
        case, broken = await tx.get(Evidence, case_id), await lines.check(tx, case_id)
        if case is None:
            return ["there is no evidence of this case"]
        found = [f"the chain of custody is broken at line {broken}"] if broken else []
        if case.manifest_sha256 is None:
            return found
        found += await check_seal(tx, case_id, case.manifest_sha256)
    return found if case.destroyed_at else found + await check_vault(vault, case_id, case.manifest_sha256)


async def check_seal(tx: Transaction, case_id: UUID, manifest_sha256: str) -> list[str]:
    """What is wrong with the seal, which outlives the evidence; empty when it is on this manifest by a known key."""
    if (document := await kept.document(tx, case_id, manifest_sha256)) is None:
        return [f"{SEAL} is missing"]
    try:
        seal = check(document, SEAL_FORMAT)
    except BadSignature as error:
        return [f"{SEAL}: {error}"]
    if (seal.get("case_id"), seal.get("manifest_sha256")) != (str(case_id), manifest_sha256):
        return [f"{SEAL} is on another manifest"]
    known = await keys.known(tx, seal["public_key"])
    return [] if known else [f"{SEAL} was signed with a key that is not on record"]


async def check_vault(vault: Vault, case_id: UUID, manifest_sha256: str) -> list[str]:
    """What does not agree with the seal, one sentence each; empty when all does. One object at a time is in memory."""
    try:
        manifest = await vault.get(case_id, manifest_sha256)
        objects = parse(manifest).objects
        found = [difference(item, await _kept(vault, case_id, item)) for item in objects if item.kept]
    except Wrong as error:
        return [str(error)]
    except (ObjectMissing, KeyDestroyed, Tampered) as error:
        return [f"{NAME}: {error}"]
    return [sentence for sentence in found if sentence]


async def _kept(vault: Vault, case_id: UUID, item: Listed) -> bytes | None:
    try:
        return await vault.get(case_id, item.sha256)
    except ObjectMissing:
        return None
    except Tampered:
        return b""  # it does not open any more: no bytes agree with its digest
