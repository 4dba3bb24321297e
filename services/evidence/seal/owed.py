"""The task that brings in the stamps that are owed: those that were not there in time, and renewals."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
import structlog

from services.evidence.seal import keys
from services.evidence.seal.kept import add_stamp, covered
from services.evidence.seal.renewal import Renewed, outlives, owe_renewals
from services.evidence.seal.sealer import Sealer
from services.evidence.seal.stamping import Away
from services.evidence.seal.store import StampDebt
from shared.database import Transaction
from shared.failures import Transient
from shared.handling import Context

log = structlog.get_logger(__name__)

EVERY_S = 5.0
AT_ONCE = 32  # debts of one round: an authority that is back is not stormed
# A process that died with debts in hand gives them up after that; longer than a round with every authority slow.
LEASE = timedelta(seconds=120)
FIRST_WAIT_S, LONGEST_WAIT_S = 15.0, 600.0
RENEWALS_EVERY_S = 86_400.0
GONE = "it is not in HAETAE_STAMP_AUTHORITIES_FILE any more: put it back, or this stamp stays owed"


def wait(tries: int) -> timedelta:
    """Doubling: an authority that is away for a day is asked six times an hour."""
    return timedelta(seconds=min(FIRST_WAIT_S * 2 ** min(tries, 16), LONGEST_WAIT_S))


class Debts:
    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._looked_at: float | None = None

    async def run(self, context: Context) -> None:
        """Until the service stops."""
        begun = False
        while not context.stopping():
            try:
                if not begun:
                    async with context.database.transaction() as tx:
                        await keys.take_over(tx, self._sealer.public_key, tx.clock.now())
                    begun = True
                await self.work(context)
            except Transient as failure:
                log.warning("stamps have to wait", reason=str(failure))
            await context.clock.sleep(EVERY_S)

    async def work(self, context: Context) -> None:
        """One round: renewals that are due become debts once a day, debts that are due are asked for."""
        if self._looked_at is None or context.clock.monotonic() - self._looked_at >= RENEWALS_EVERY_S:
            async with context.database.transaction() as tx:
                await owe_renewals(tx)
            self._looked_at = context.clock.monotonic()
        async with context.database.transaction() as tx:
            due = await taken(tx)
        by_authority = defaultdict(list)
        for debt in due:
            by_authority[debt.authority].append(debt)
        await asyncio.gather(*(self._ask(context, name, debts) for name, debts in by_authority.items()))
        await measure(context, self._sealer.stamping.names)

    async def _ask(self, context: Context, authority: str, debts: Sequence[StampDebt]) -> None:
        """One after another; when it is away, the rest is put off with the first."""
        why = "" if authority in self._sealer.stamping.names else GONE
        for debt in debts:
            try:
                if not why:
                    await self._pay(context, debt)
                    continue
            except Away as error:
                why = str(error)
            except Renewed as error:
                await put_off(context, debt, str(error))
                continue
            await put_off(context, debt, why)

    async def _pay(self, context: Context, debt: StampDebt) -> None:
        """Raises `Away`, `Renewed`."""
        of = (debt.case_id, debt.manifest_sha256)
        async with context.database.transaction() as tx:
            message = await covered(tx, *of, debt.covers)
        if message is None:
            raise Away(f"{debt.covers} is not there to be stamped")
        stamp = await self._sealer.stamping.one(debt.authority, message, debt.covers)
        async with context.database.transaction() as tx:
            owed = await tx.get(StampDebt, (*of, debt.authority, debt.covers), lock=True)
            if owed is None:
                return  # another process was quicker
            await outlives(tx, *of, stamp)
            await add_stamp(tx, *of, stamp, self._sealer.renew_before)
            await tx.execute(sa.delete(StampDebt).where(*this(debt)))
        log.info("stamped what was owed", case_id=str(debt.case_id), authority=debt.authority, covers=debt.covers)


async def taken(tx: Transaction) -> Sequence[StampDebt]:
    """Debts that are due, oldest first, out of the reach of other processes for `LEASE`."""
    now = tx.clock.now()
    wanted = sa.select(StampDebt).where(StampDebt.due_at <= now).order_by(StampDebt.due_at).limit(AT_ONCE)
    due = await tx.scalars(wanted.with_for_update(skip_locked=True))
    for debt in due:
        debt.due_at = now + LEASE
    await tx.flush()
    return due


async def put_off(context: Context, debt: StampDebt, why: str) -> None:
    async with context.database.transaction() as tx:
        due_at = tx.clock.now() + wait(debt.tries)
        later = sa.update(StampDebt).where(*this(debt)).values(due_at=due_at, tries=debt.tries + 1, error=why)
        await tx.execute(later)


def this(debt: StampDebt) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        StampDebt.case_id == debt.case_id,
        StampDebt.manifest_sha256 == debt.manifest_sha256,
        StampDebt.authority == debt.authority,
        StampDebt.covers == debt.covers,
    )


async def measure(context: Context, names: Sequence[str]) -> None:
    async with context.database.transaction() as tx:
        counted = sa.select(StampDebt.authority, sa.func.count().label("owed")).group_by(StampDebt.authority)
        owed = {row.authority: row.owed for row in await tx.execute(counted)}
    for name in {*names, *owed}:
        context.metrics.stamps_owed.labels(name).set(owed.get(name, 0))
