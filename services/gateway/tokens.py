"""Secrets that a browser holds: made at random, kept only as digests."""

import hashlib
import hmac
import secrets

TOKEN_BYTES = 32  # 256 bits: not to be guessed


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> str:
    """What the database keeps: a stolen table opens no session."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_token(session_token: str) -> str:
    """A form's proof that our page made it. Follows from the session's secret, which another site cannot read."""
    return hmac.new(session_token.encode(), b"csrf", hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
