"""Is what came back what was kept? Every case's seal, files and custody, and every line of the audit history."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from services.evidence.custody.checking import check_case, sealed_cases
from services.gateway.tree import checking
from services.gateway.tree.store import Check, Leaf
from shared.database import Database
from shared.objects.vault import Vault

NAME = "restored"  # of this check among the history's own


@dataclass(frozen=True)
class Proof:
    """`problems`: a sentence each; empty when all is as it was."""

    cases: int
    lines: int
    problems: tuple[str, ...]


async def prove(
    url: str, vault: Vault, progress: Callable[[int, int], None] = lambda done, of: None, most: int | None = None
) -> Proof:
    """`most`: cases whose files are read, all unless given."""
    evidence = Database(url, "/haetae/evidence", schema="evidence")
    gateway = Database(url, "/haetae/gateway", schema="gateway")
    try:
        cases = list(await sealed_cases(evidence))[:most]
        problems = []
        for number, case in enumerate(cases, 1):
            problems += [f"{case}: {sentence}" for sentence in await check_case(evidence, vault, case)]
            progress(number, len(cases))
        lines, wrong = await _history(gateway)
    finally:
        await evidence.close()
        await gateway.close()
    return Proof(len(cases), lines, (*problems, *wrong))


async def _history(gateway: Database) -> tuple[int, list[str]]:
    """Lines that are in the tree, and what is wrong with them or with the ends of chains."""
    await _begin_anew(gateway)
    for step in (lambda tx: checking.follow(tx, NAME), checking.ends):
        more = True
        while more:
            async with gateway.transaction() as tx:
                more = await step(tx)
    async with gateway.transaction() as tx:
        lines = await tx.scalar(sa.select(sa.func.count()).select_from(Leaf)) or 0
        found = await checking.state(tx)
    await _begin_anew(gateway)
    return lines, [f"audit history, {name}: {check.broken}" for name, check in found.items() if check.broken]


async def _begin_anew(gateway: Database) -> None:
    """The gateway then checks everything from the first line on by itself, too."""
    async with gateway.transaction() as tx:
        await tx.execute(sa.delete(Check))
