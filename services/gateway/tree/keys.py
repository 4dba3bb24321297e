"""The key that signs heads: from its setting; its public half is on record with the time of its use."""

from collections.abc import Sequence

import sqlalchemy as sa
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from haetae_verify.heads import key_id
from services.gateway import history
from services.gateway.audit import HISTORY_CHAIN, Action
from services.gateway.tree.growing import LOCK
from services.gateway.tree.store import HeadKey
from shared.database import Transaction
from shared.objects.keyring import key_of

log = structlog.get_logger(__name__)


def history_key(given: SecretStr) -> Ed25519PrivateKey:
    """Of the 32 bytes of RFC 8032. Raises `ValueError` as `key_of`."""
    return Ed25519PrivateKey.from_private_bytes(key_of(given, "HAETAE_HISTORY_KEY"))


async def take_over(tx: Transaction, key: Ed25519PrivateKey) -> None:
    """From now on this key signs. Raises `ValueError` for one that was given up before."""
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    public = key.public_key().public_bytes_raw()
    if known := await tx.get(HeadKey, key_id(public)):
        if known.until is not None:
            raise ValueError("HAETAE_HISTORY_KEY was given up before: give the newest key, or make another one")
        return
    now = tx.clock.now()
    for former in await tx.scalars(sa.select(HeadKey).where(HeadKey.until.is_(None))):
        former.until = now
        log.warning("another key signs heads of the history from now on", former=former.key_id, now=key_id(public))
    tx.add(HeadKey(key_id=key_id(public), public_key=public.hex(), since=now))
    await history.append(tx, HISTORY_CHAIN, "gateway", Action.KEY_CHANGED, {"key_id": key_id(public)})


async def listed(tx: Transaction) -> Sequence[HeadKey]:
    return await tx.scalars(sa.select(HeadKey).order_by(HeadKey.since, HeadKey.key_id))
