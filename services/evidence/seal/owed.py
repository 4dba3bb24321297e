"""The task that brings in the stamps that are owed: those that were not there in time, and renewals."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
import structlog

from haetae_verify.stamps import SEAL
from services.evidence.seal import keys
from services.evidence.seal.kept import add_stamp, covered
from services.evidence.seal.renewal import Useless, outlives, owe_renewals
from services.evidence.seal.sealer import Sealer
from services.evidence.seal.store import StampDebt
from shared.database import Transaction
from shared.failures import Transient
from shared.handling import Context
from shared.regularly import STOP_POLL_S
from shared.stamps.stamping import Away

log = structlog.get_logger(__name__)

EVERY_S = 5.0
AT_ONCE = 32  # debts of one authority a round: one that is back is not stormed
# A process that died with debts in hand gives them up after that; longer than a round with every answer slow.
LEASE = timedelta(seconds=120)
RENEWALS_EVERY_S = 86_400.0
RENEWALS_AT_ONCE = 1_000
FIRST_WAIT_S, LONGEST_WAIT_S = 60.0, 86_400.0  # of a debt that cannot be paid yet, though its authority is there
GONE = "it is not in HAETAE_STAMP_AUTHORITIES_FILE any more: put it back, or this stamp stays owed"


def wait(tries: int) -> timedelta:
    return timedelta(seconds=min(FIRST_WAIT_S * 2 ** min(tries, 16), LONGEST_WAIT_S))


class Debts:
    def __init__(self, sealer: Sealer) -> None:
        self._sealer, self._stamping = sealer, sealer.stamping
        self._looked_at: float | None = None
        self._more, self._drained = False, True

    async def run(self, context: Context) -> None:
        """Until the service stops."""
        begun, next_at = False, context.clock.monotonic()
        while not context.stopping():
            if context.clock.monotonic() >= next_at:
                try:
                    if not begun:
                        async with context.database.transaction() as tx:
                            await keys.take_over(tx, self._sealer.public_key, tx.clock.now())
                        begun = True
                    await self.work(context)
                except Transient as failure:
                    log.warning("stamps have to wait", reason=str(failure))
                next_at = context.clock.monotonic() + EVERY_S
            await context.clock.sleep(STOP_POLL_S)

    async def work(self, context: Context) -> None:
        """One round: renewals that are due become debts once a day, debts that are due are asked for."""
        await self._look(context)
        rounds = (self._ask(context, name) for name in self._stamping.names if not self._stamping.rests(name))
        asked = await asyncio.gather(*rounds, return_exceptions=True)
        if failed := [one for one in asked if isinstance(one, BaseException)]:
            raise failed[0]
        self._drained = all(count != AT_ONCE for count in asked)
        await measure(context, self._stamping.names)

    async def _look(self, context: Context) -> None:
        """Renewals come in portions: the next when the last is paid."""
        now = context.clock.monotonic()
        daily = self._looked_at is None or now - self._looked_at >= RENEWALS_EVERY_S
        if not daily and not (self._more and self._drained):
            return
        async with context.database.transaction() as tx:
            self._more = await owe_renewals(tx, self._stamping.names, RENEWALS_AT_ONCE) == RENEWALS_AT_ONCE
            if daily:
                self._looked_at = now
                await name_the_gone(tx, self._stamping.names)

    async def _ask(self, context: Context, authority: str) -> int:
        """One after another; when it is away, the rest is put off with the first. How many were due."""
        async with context.database.transaction() as tx:
            due = await taken(tx, authority)
        away = ""
        for debt in due:
            try:
                if not away:
                    await self._pay(context, debt)
                    continue
            except Away as error:
                away = str(error)
            except Useless as error:
                await put_off(context, debt, str(error), wait(debt.tries))
                continue
            await put_off(context, debt, away, timedelta())  # it is the authority that rests
        return len(due)

    async def _pay(self, context: Context, debt: StampDebt) -> None:
        """Raises `Away`, `Useless`."""
        of = (debt.case_id, debt.manifest_sha256)
        async with context.database.transaction() as tx:
            message = await covered(tx, *of, debt.covers)
        if message is None:
            raise Useless(f"{debt.covers} is not there to be stamped")
        stamp = await self._stamping.one(debt.authority, message, debt.covers)
        async with context.database.transaction() as tx:
            if await tx.get(StampDebt, (*of, debt.authority, debt.covers), lock=True) is None:
                return  # another process was quicker
            await outlives(tx, *of, stamp)
            await add_stamp(tx, *of, stamp, self._sealer.renew_before)
            await tx.execute(sa.delete(StampDebt).where(*this(debt)))
        log.info("stamped what was owed", case_id=str(debt.case_id), authority=debt.authority, covers=debt.covers)


async def taken(tx: Transaction, authority: str) -> Sequence[StampDebt]:
    """Debts that are due, out of the reach of other processes for `LEASE`: seals without a stamp before renewals."""
    now = tx.clock.now()
    wanted = sa.select(StampDebt).where(StampDebt.authority == authority, StampDebt.due_at <= now)
    wanted = wanted.order_by(StampDebt.covers != SEAL, StampDebt.due_at).limit(AT_ONCE)
    due = await tx.scalars(wanted.with_for_update(skip_locked=True))
    for debt in due:
        debt.due_at = now + LEASE
    await tx.flush()
    return due


async def put_off(context: Context, debt: StampDebt, why: str, after: timedelta) -> None:
    async with context.database.transaction() as tx:
        due_at = tx.clock.now() + after
        later = sa.update(StampDebt).where(*this(debt)).values(due_at=due_at, tries=debt.tries + 1, error=why)
        await tx.execute(later)


async def name_the_gone(tx: Transaction, names: Sequence[str]) -> None:
    """What authorities owe that nobody can ask any more stays on record, with the cure."""
    gone = sa.update(StampDebt).where(StampDebt.authority.not_in(names), StampDebt.error != GONE).values(error=GONE)
    if count := (await tx.execute(gone)).rowcount:
        log.warning("stamps are owed by authorities that are not asked any more", count=count, cure=GONE)


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
