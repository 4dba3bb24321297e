"""The task that has seals proven by calendars: handed in, and asked for until Bitcoin attests them."""

from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

import sqlalchemy as sa
import structlog

from services.evidence.seal.calendars import Calendars, NoProof, read
from services.evidence.seal.kept import document
from services.evidence.seal.store import Proof
from services.evidence.settings import Settings
from shared.database import Transaction
from shared.failures import Transient
from shared.handling import Context
from shared.regularly import STOP_POLL_S

log = structlog.get_logger(__name__)

EVERY_S = 30.0
AT_ONCE = 16
SECONDS = 10.0  # nobody waits for a calendar
LEASE = timedelta(minutes=10)
# Calendars make a transaction an hour or so, and wait for six blocks.
LOOK_AGAIN = timedelta(minutes=30)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)


class Proofs:
    """Does nothing when no calendar is named."""

    def __init__(self, settings: Settings) -> None:
        self._calendars = Calendars(read(settings.ots_calendars), SECONDS)
        self._wanted = bool(settings.ots_calendars)

    async def __aenter__(self) -> Self:
        await self._calendars.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._calendars.__aexit__(kind, error, trace)

    async def run(self, context: Context) -> None:
        """Until the service stops."""
        worked_at: float | None = None
        while not context.stopping():
            now = context.clock.monotonic()
            if self._wanted and (worked_at is None or now - worked_at >= EVERY_S):
                worked_at = now
                try:
                    await self.work(context)
                except Transient as failure:
                    log.warning("proofs have to wait", reason=str(failure))
            await context.clock.sleep(STOP_POLL_S)

    async def work(self, context: Context) -> None:
        """One round."""
        async with context.database.transaction() as tx:
            due = await _taken(tx)
        for proof in due:
            try:
                better, attested = await self._better(context, proof)
            except NoProof as error:
                log.info("a proof has to wait", case_id=str(proof.case_id), reason=str(error))
                await _put_off(context, proof)
            else:
                await _kept(context, proof, better, attested)

    async def _better(self, context: Context, proof: Proof) -> tuple[bytes, bool]:
        """The proof as it is now, and whether Bitcoin attests it. Raises `NoProof`."""
        if proof.proof is not None:
            return await self._calendars.upgraded(proof.proof)
        async with context.database.transaction() as tx:
            sealed = await document(tx, proof.case_id, proof.manifest_sha256)
        if sealed is None:
            raise NoProof("its seal is not there")
        return await self._calendars.submit(sealed), False


async def proof(tx: Transaction, case_id: UUID, manifest_sha256: str) -> bytes | None:
    """The bytes of seal.json.ots: pending, or complete once Bitcoin attests it."""
    row = await tx.get(Proof, (case_id, manifest_sha256))
    return row.proof if row else None


async def _taken(tx: Transaction) -> Sequence[Proof]:
    """Those that are due, out of the reach of other processes for `LEASE`."""
    now = tx.clock.now()
    wanted = sa.select(Proof).where(Proof.attested_at.is_(None), Proof.due_at <= now).order_by(Proof.due_at)
    due = await tx.scalars(wanted.limit(AT_ONCE).with_for_update(skip_locked=True))
    for row in due:
        row.due_at = now + LEASE
    await tx.flush()
    return due


async def _put_off(context: Context, proof: Proof) -> None:
    wait = LOOK_AGAIN if proof.proof else min(FIRST_WAIT * 2 ** min(proof.tries, 8), LONGEST_WAIT)
    await _update(context, proof, due_at=context.clock.now() + wait, tries=proof.tries + 1)


async def _kept(context: Context, proof: Proof, better: bytes, attested: bool) -> None:
    now = context.clock.now()
    await _update(context, proof, proof=better, attested_at=now if attested else None, due_at=now + LOOK_AGAIN, tries=0)


async def _update(context: Context, of: Proof, /, **values: object) -> None:
    async with context.database.transaction() as tx:
        this = (Proof.case_id == of.case_id, Proof.manifest_sha256 == of.manifest_sha256)
        await tx.execute(sa.update(Proof).where(*this).values(**values))
