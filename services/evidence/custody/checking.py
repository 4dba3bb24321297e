"""Sealed evidence in the vault: checked where it lies, or written out for somebody else to check."""

from pathlib import Path
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


async def export(vault: Vault, case_id: UUID, manifest_sha256: str, folder: Path) -> None:
    """Write a case's plain files into an existing folder. Raises what `Vault.get` raises, and `Wrong`."""
    manifest = await vault.get(case_id, manifest_sha256)
    for item in parse(manifest).objects:
        if item.kept:
            (folder / item.name).write_bytes(await vault.get(case_id, item.sha256))
    (folder / NAME).write_bytes(manifest)


async def _kept(vault: Vault, case_id: UUID, item: Listed) -> bytes | None:
    try:
        return await vault.get(case_id, item.sha256)
    except ObjectMissing:
        return None
    except Tampered:
        return b""  # it does not open any more: no bytes agree with its digest
