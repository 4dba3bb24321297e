"""The key that signs heads: from its setting; its public half is on record with the time of its use."""

import base64
import binascii
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

log = structlog.get_logger(__name__)

KEY_BYTES = 32  # RFC 8032
CURE = (
    "HAETAE_HISTORY_KEY is not base64 of 32 bytes: make one with "
    '`python -c "import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())"` and keep it'
)


def history_key(given: SecretStr) -> Ed25519PrivateKey:
    """Raises `ValueError` naming the variable and the cure, never the value."""
    try:
        key = base64.b64decode(given.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(CURE) from None
    if len(key) != KEY_BYTES:
        raise ValueError(CURE)
    return Ed25519PrivateKey.from_private_bytes(key)


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
