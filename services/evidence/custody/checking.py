"""Sealed evidence in the vault: checked where it lies, or written out for somebody else to check."""

from pathlib import Path
from uuid import UUID

from haetae_verify.manifest import NAME, Listed, NotAManifest, differences, listed
from shared.objects.vault import KeyDestroyed, ObjectMissing, Tampered, Vault


async def check_vault(vault: Vault, case_id: UUID, manifest_sha256: str) -> list[str]:
    """What does not agree with the seal, one sentence each; empty when all does."""
    try:
        manifest = await vault.get(case_id, manifest_sha256)
        kept = {item.sha256: await _kept(vault, case_id, item) for item in listed(manifest)}
    except NotAManifest as error:
        return [str(error)]
    except (ObjectMissing, KeyDestroyed, Tampered) as error:
        return [f"{NAME}: {error}"]
    return differences(manifest, lambda item: kept[item.sha256], manifest_sha256)


async def export(vault: Vault, case_id: UUID, manifest_sha256: str, folder: Path) -> None:
    """Write a case's plain files into an existing folder. Raises what `Vault.get` raises, and `NotAManifest`."""
    manifest = await vault.get(case_id, manifest_sha256)
    for item in listed(manifest):
        (folder / item.name).write_bytes(await vault.get(case_id, item.sha256))
    (folder / NAME).write_bytes(manifest)


async def _kept(vault: Vault, case_id: UUID, item: Listed) -> bytes | None:
    try:
        return await vault.get(case_id, item.sha256)
    except ObjectMissing:
        return None
    except Tampered:
        return b""  # it does not open any more: no bytes agree with its digest
