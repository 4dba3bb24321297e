"""Keys of statements: ours from its setting, those of peers as they gave them."""

import base64
import hashlib
from collections.abc import Sequence

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import SecretStr

from services.gateway import history
from services.gateway.audit import FEDERATION_CHAIN, Action
from services.gateway.federation.store import FederationKey
from shared.database import Transaction
from shared.objects.keyring import key_of

KID_DIGITS = 16
KEY_BYTES = 32
LOCK = 0x6665_6465  # "fede"


def federation_key(given: SecretStr) -> OKPKey:
    """Of the 32 bytes of RFC 8032. Raises `ValueError` as `key_of`."""
    seed = key_of(given, "HAETAE_FEDERATION_KEY")
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _text(public), "d": _text(seed), "kid": kid(public)})


def public_key(text: str) -> OKPKey:
    """Of a peer: base64url of 32 bytes, with the `kid` that follows from it. Raises `ValueError`."""
    try:
        raw = base64.urlsafe_b64decode(text.strip() + "=" * (-len(text.strip()) % 4))
        if len(raw) != KEY_BYTES:
            raise ValueError(f"a public key has {KEY_BYTES} bytes, not {len(raw)}")
        return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _text(raw), "kid": kid(raw)})
    except (JoseError, UnicodeError) as error:
        raise ValueError("a public key is base64url of 32 bytes") from error


def kid(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:KID_DIGITS]


def public_text(key: OKPKey) -> str:
    return str(key.as_dict(private=False)["x"])


async def take_over(tx: Transaction, key: OKPKey) -> None:
    """From now on this key signs; another one is a line of the history. Raises `ValueError` for one that was given up
    before."""
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    if known := await tx.get(FederationKey, key.kid):
        if known.until is not None:
            raise ValueError("HAETAE_FEDERATION_KEY was given up before: give the newest key, or make another one")
        return
    now = tx.clock.now()
    for former in await tx.scalars(sa.select(FederationKey).where(FederationKey.until.is_(None))):
        former.until = now
    tx.add(FederationKey(kid=key.kid, public_key=public_text(key), since=now))
    await history.append(tx, FEDERATION_CHAIN, "gateway", Action.FEDERATION_KEY_CHANGED, {"kid": str(key.kid)})


async def used(tx: Transaction) -> Sequence[FederationKey]:
    """Every key that signed, the newest first."""
    return await tx.scalars(sa.select(FederationKey).order_by(FederationKey.since.desc(), FederationKey.kid))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
