"""What must be true of a finding after any fault: one outcome, and everything that is kept of it agrees."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from uuid import UUID, uuid4

import sqlalchemy as sa

from haetae_verify.bundle import Proof, check_bundle
from haetae_verify.source import opened
from services.evidence.bundle.making import make
from services.evidence.custody import lines
from services.evidence.custody.checking import check_vault
from services.evidence.orders.store import Order
from services.evidence.seal.signing import signing_key
from services.evidence.seal.store import SealRow, StampDebt, StampRow
from services.evidence.store import Evidence
from shared.clock import SystemClock
from shared.events import ContentFlagged, Event, EvidenceFailed, EvidenceSealed
from shared.objects.exports import open_exports
from tests.support.faulted import Faulted
from tests.support.stamps import NAMES


async def assert_whole(house: Faulted, event: ContentFlagged) -> Event:
    """One outcome, and everything that is kept of the case agrees with it; what came of it."""
    outcomes = await house.outcomes(event.case_id)
    assert len(outcomes) == 1, outcomes
    if isinstance(outcomes[0], EvidenceSealed):
        await assert_sealed(house, outcomes[0])
    else:
        assert isinstance(outcomes[0], EvidenceFailed)
        assert outcomes[0].reason
    await assert_nothing_half(house)
    return outcomes[0]


async def assert_sealed(house: Faulted, sealed: EvidenceSealed) -> None:
    case, sha256 = sealed.case_id, sealed.manifest_sha256
    assert sealed.objects[-1].sha256 == sha256
    assert await check_vault(house.vault, case, sha256) == []
    for item in sealed.objects:
        assert len(await house.vault.get(case, item.sha256)) == item.bytes
    async with house.database.transaction() as tx:
        row = await tx.get(Evidence, case)
        assert row
        assert (row.manifest_sha256, row.failed_reason) == (sha256, None)
        assert row.objects == [item.model_dump() for item in sealed.objects]
        seals = await tx.scalars(sa.select(SealRow.manifest_sha256).where(SealRow.case_id == case))
        assert seals == [sha256]
        assert await lines.check(tx, case) is None
        chain = await lines.read(tx, case)
        stamped = await tx.scalars(sa.select(StampRow.authority).where(StampRow.case_id == case))
        owed = await tx.scalars(sa.select(StampDebt.authority).where(StampDebt.case_id == case))
    assert Counter([*stamped, *owed]) == Counter(NAMES)
    assert {stamp.authority for stamp in sealed.stamps} <= set(stamped)
    assert Counter(line["action"] for line in chain) == Counter(
        {"collected": 1, "sealed": 1, **({"stamped": len(stamped)} if stamped else {})}
    )
    assert [line["action"] for line in chain][:2] == ["collected", "sealed"]
    assert chain[1]["details"] == {"manifest_sha256": sha256, "mode": sealed.mode}
    assert len(chain[0]["artifacts"]) == len(sealed.objects)


# Of all cases together: each a pair of tables in which one has a case that the other lacks.
HALVES = """
SELECT 'evidence without its seal' FROM evidence e WHERE sealed_at IS NOT NULL AND NOT EXISTS
  (SELECT 1 FROM seals s WHERE (s.case_id, s.manifest_sha256) = (e.case_id, e.manifest_sha256))
UNION ALL SELECT 'evidence that is neither' FROM evidence WHERE sealed_at IS NULL AND failed_at IS NULL
UNION ALL SELECT 'a seal without evidence' FROM seals s WHERE NOT EXISTS
  (SELECT 1 FROM evidence e WHERE e.case_id = s.case_id AND e.sealed_at IS NOT NULL)
UNION ALL SELECT 'a seal without custody' FROM seals s WHERE NOT EXISTS
  (SELECT 1 FROM custody c WHERE c.case_id = s.case_id AND c.action = 'sealed'
   AND c.details ->> 'manifest_sha256' = s.manifest_sha256)
UNION ALL SELECT 'custody without a seal' FROM custody c WHERE NOT EXISTS
  (SELECT 1 FROM seals s WHERE s.case_id = c.case_id)
UNION ALL SELECT 'a stamp or a debt without a seal' FROM
  (SELECT case_id, manifest_sha256 FROM stamps UNION ALL SELECT case_id, manifest_sha256 FROM stamp_debts) t
  WHERE NOT EXISTS (SELECT 1 FROM seals s WHERE (s.case_id, s.manifest_sha256) = (t.case_id, t.manifest_sha256))
"""


async def assert_nothing_half(house: Faulted) -> None:
    assert not any(house.broker.logs(ContentFlagged.topic.dead))
    async with house.database.transaction() as tx:
        assert (await tx.execute(sa.text(HALVES))).scalars().all() == []


async def debts(house: Faulted) -> int:
    async with house.database.transaction() as tx:
        return await tx.scalar(sa.select(sa.func.count()).select_from(StampDebt)) or 0


async def bundled(house: Faulted, case: UUID, folder: Path) -> Proof:
    """What its verifier says of the case's bundle."""
    order = Order(
        order_id=uuid4(),
        case_id=case,
        kind="bundle",
        by="official-2",
        why="asked for by the police",
        basis="견본법 제1조",
        terms={},
        ordered_at=SystemClock().now(),
    )
    key = signing_key(house.settings.signing_key)
    async with open_exports(house.settings, house.vault, SystemClock()) as exports:
        await make(house.database, house.vault, exports, key, order, office=house.settings.office())
        data = b"".join([part async for part in exports.get(case, order.order_id)])
    file = folder / f"{case}.haetae.zip"
    file.write_bytes(data)
    with opened(file) as source:
        return check_bundle(source, {key.public_key().public_bytes_raw().hex()})
