"""What carrying out orders needs, opened once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.evidence.orders.retention import Rules
from services.evidence.orders.store import Order
from shared.database import Database
from shared.objects.exports import Exports
from shared.objects.port import ObjectStore
from shared.objects.vault import Vault

# `bundle.making.make`: database, vault, exports, key, order to the result.
MakeBundle = Callable[[Database, Vault, Exports, Ed25519PrivateKey, Order], Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class Tools:
    """`quarantine`: the bucket in which the crawler keeps what it fetched for a day."""

    database: Database
    vault: Vault
    exports: Exports
    quarantine: ObjectStore
    key: Ed25519PrivateKey
    rules: Rules
    make_bundle: MakeBundle
