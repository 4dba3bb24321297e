"""Signatures of Standard Webhooks 1.0 (symmetric, `v1`): HMAC-SHA-256 over `id.timestamp.body`."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"
BYTES = 32  # Standard Webhooks asks for 24 to 64


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def headers(id: str, at: datetime, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """Signed with each secret, the newest first: whoever verifies has one of them."""
    timestamp = int(at.timestamp())
    content = f"{id}.{timestamp}.".encode() + body
    signatures = " ".join(f"v1,{_signature(secret, content)}" for secret in secrets)
    return {"webhook-id": id, "webhook-timestamp": str(timestamp), "webhook-signature": signatures}


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
