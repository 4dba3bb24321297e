"""Which keys have sealed, and when: who checks a seal has to know that its key was the agency's."""

from datetime import datetime

import sqlalchemy as sa
import structlog

from haetae_verify.canonical import moment
from services.evidence.seal.store import SigningKey
from shared.database import Transaction

log = structlog.get_logger(__name__)

# Processes that start at once must not both open a period: "keys" in hexadecimal.
LOCK = 0x6B657973


async def take_over(tx: Transaction, public_key: str, at: datetime) -> None:
    """From `at` on this key seals; the period of another ends. A process that still runs with the other one may seal
    for some seconds more: its seals are as good, the key is the agency's."""
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    current = await tx.scalars(sa.select(SigningKey).where(SigningKey.until.is_(None)))
    if any(row.public_key == public_key for row in current):
        return
    for row in current:
        row.until = at
        log.warning("another key seals from now on", former=row.public_key, now=public_key)
    tx.add(SigningKey(public_key=public_key, since=at))
    await tx.flush()


async def known(tx: Transaction, public_key: str) -> bool:
    return (
        await tx.scalar(sa.select(SigningKey.public_key).where(SigningKey.public_key == public_key).limit(1))
        is not None
    )


async def public_keys(tx: Transaction) -> list[dict[str, str | None]]:
    """{public_key, since, until} in their order; `until` None: it seals now."""
    rows = await tx.scalars(sa.select(SigningKey).order_by(SigningKey.since, SigningKey.public_key))
    return [
        {"public_key": row.public_key, "since": moment(row.since), "until": moment(row.until) if row.until else None}
        for row in rows
    ]
