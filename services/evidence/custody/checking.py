"""Sealed evidence in the vault, checked where it lies."""

from uuid import UUID

from haetae_verify.manifest import NAME, Listed, difference, parse
from haetae_verify.wrong import Wrong
from shared.objects.vault import KeyDestroyed, ObjectMissing, Tampered, Vault


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
