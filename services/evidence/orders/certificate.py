"""The certificate of destruction: what was destroyed, by whose order, how, and that nothing of it opened afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from haetae_verify.canonical import moment
from haetae_verify.certificate import FORMAT
from haetae_verify.signed import sign
from services.evidence.orders.store import Order

METHOD = (
    "crypto-shredding: the one AES-256-GCM key of the case, kept wrapped in the bucket `keys`, was destroyed; then "
    "every stored object of the case was asked for through the vault, and deleted where the store allows it"
)


@dataclass(frozen=True)
class Thing:
    """An object of the case. `name`: in its manifest; empty when no manifest named it. `bytes`: of the plain object;
    None when it could not be known."""

    name: str
    sha256: str
    bytes: int | None


@dataclass(frozen=True)
class Outcome:
    """After the key was destroyed. `tried`: objects that were asked for; `opened`: those that could be read (none, or
    there is no certificate); `kept_sealed`: whose unreadable bytes the store's lock keeps; `exports`: bundles removed;
    `quarantine`: copies removed there, None when it was not in reach (its keys end by themselves)."""

    tried: int
    opened: int
    kept_sealed: int
    exports: int
    quarantine: int | None


def certificate(
    order: Order,
    manifests: Iterable[str],
    things: Sequence[Thing],
    outcome: Outcome,
    custody_head: str,
    destroyed_at: datetime,
    key: Ed25519PrivateKey,
) -> bytes:
    """The signed document (`haetae_verify.signed`). It holds digests and names of files, nothing that they showed."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "case_id": str(order.case_id),
        "order_id": str(order.order_id),
        "manifest_sha256s": sorted(set(manifests)),
        "objects": [asdict(thing) for thing in sorted(things, key=lambda one: (one.name, one.sha256))],
        "ordered_by": order.by,
        "why": order.why,
        "basis": order.basis,
        "ordered_at": moment(order.ordered_at),
        "destroyed_at": moment(destroyed_at),
        "custody_head": custody_head,
        "method": METHOD,
        "outcome": asdict(outcome),
    }
    return sign(document, key)
