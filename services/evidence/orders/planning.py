"""What would go, and when: the dry run, and what the service itself goes by."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.evidence.orders import facts, holds
from services.evidence.orders.retention import Facts, Kept, Rules
from shared.database import Transaction


@dataclass(frozen=True)
class Planned:
    """A case that is kept, for how long and why; `holds`: that stand now and stop it."""

    facts: Facts
    kept: Kept
    holds: int

    @property
    def case_id(self) -> UUID:
        return self.facts.case_id

    def due(self, at: datetime) -> bool:
        """Whether its time is over and nothing holds it."""
        return self.kept.due_at is not None and self.kept.due_at <= at and not self.holds


async def plan(tx: Transaction, rules: Rules) -> AsyncIterator[Planned]:
    """Every case with sealed evidence that was not destroyed, by number."""
    held = await holds.held(tx, tx.clock.now())
    async for known in facts.every(tx):
        yield Planned(known, rules.kept(known), held.get(known.case_id, 0))


async def plan_of(tx: Transaction, case_id: UUID, rules: Rules) -> Planned | None:
    known = await facts.of(tx, case_id)
    if known is None:
        return None
    return Planned(known, rules.kept(known), len(await holds.active(tx, case_id, tx.clock.now())))


async def due(tx: Transaction, rules: Rules, at: datetime) -> list[Planned]:
    """The longest due first."""
    found = [one async for one in plan(tx, rules) if one.due(at)]
    return sorted(found, key=lambda one: one.kept.due_at or at)
