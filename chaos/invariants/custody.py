"""What was sealed is still what lies in the store."""

import asyncio
from uuid import UUID

from chaos.invariants.seen import Seen
from haetae.access import objects_of
from services.evidence.custody.checking import check_case, sealed_cases
from shared.events import EvidenceSealed
from shared.objects.vault import Vault, open_vault

AT_ONCE = 4  # cases; the connections to the database are eight
SEALS = "SELECT case_id, manifest_sha256 FROM evidence.seals"


async def evidence_whole(seen: Seen) -> list[str]:
    """Every sealed digest matches the object in the store; seals and chains of custody hold; what was told is kept."""
    gate = asyncio.Semaphore(AT_ONCE)
    async with open_vault(objects_of(seen.world.env)) as vault:
        cases = await sealed_cases(seen.evidence)
        found = await asyncio.gather(*(_of(seen, vault, case, gate) for case in cases))
    said = [sentence for some in found for sentence in some]
    kept = {(row.case_id, row.manifest_sha256) for row in await seen.rows(SEALS)}
    told = {(event.case_id, event.manifest_sha256) for event in (await seen.log()).of(EvidenceSealed)}
    return said + [f"case {case}: manifest {sha256} was told and has no seal" for case, sha256 in sorted(told - kept)]


async def _of(seen: Seen, vault: Vault, case: UUID, gate: asyncio.Semaphore) -> list[str]:
    async with gate:
        return [f"case {case}: {what}" for what in await check_case(seen.evidence, vault, case)]
