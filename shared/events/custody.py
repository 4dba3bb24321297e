"""Sealed evidence in use: what officials do with it and want done with it, and the line of custody that results."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Value
from shared.events.topics import EVIDENCE_CUSTODY, EVIDENCE_ORDERS
from shared.events.values import Sha256


class Artifact(Value):
    """A file of the evidence, by its name in the manifest and the digest of its plain bytes."""

    name: str
    sha256: Sha256


class CustodyAction(StrEnum):
    COLLECTED = "collected"
    SEALED = "sealed"
    STAMPED = "stamped"
    VIEWED = "viewed"
    COPIED = "copied"
    EXPORTED = "exported"
    HELD = "held"
    RELEASED = "released"
    CLASS_CHANGED = "class-changed"  # how long it is kept
    DESTROYED = "destroyed"


class OrderKind(StrEnum):
    BUNDLE = "bundle"  # one file for a court or the police
    HOLD = "hold"  # nothing of the case may be destroyed
    RELEASE = "release"  # the hold ends
    CLASS = "class"  # another retention class
    DESTROY = "destroy"


class EvidenceHandled(Event, topic=EVIDENCE_ORDERS, type="evidence.handled.v1", key="case_id", owner="gateway"):
    """An official looked at a file of the evidence, or took a copy. `by` is a pseudonym; `why` a code or words."""

    case_id: UUID
    action: Annotated[CustodyAction, Field(description="viewed or copied")]
    artifacts: tuple[Artifact, ...]
    blurred: bool
    by: str
    why: str
    handled_at: AwareDatetime


class EvidenceOrdered(Event, topic=EVIDENCE_ORDERS, type="evidence.ordered.v1", key="case_id", owner="gateway"):
    """An official wants something done with the evidence of a case. `basis`: the law or the wish it rests on.

    `until`: when a hold ends by itself. `hold`: the order whose hold a release ends; None means the only one.
    `retention`: the new retention class.
    """

    order_id: UUID
    case_id: UUID
    kind: OrderKind
    by: str
    why: str
    basis: str
    ordered_at: AwareDatetime
    until: AwareDatetime | None = None
    hold: UUID | None = None
    retention: str | None = None


class CustodyNoted(Event, topic=EVIDENCE_CUSTODY, type="custody.noted.v1", key="case_id", owner="evidence"):
    """A line of the case's chain of custody, as it stands in it.

    `hash`: SHA-256 of the line's canonical JSON (RFC 8785) with the hash of the line before in it.
    """

    case_id: UUID
    seq: int
    at: AwareDatetime
    actor: str
    action: CustodyAction
    artifacts: tuple[Artifact, ...]
    details: dict[str, Any]
    prev_hash: Sha256
    hash: Sha256


class EvidenceOrderDone(Event, topic=EVIDENCE_CUSTODY, type="evidence.order-done.v1", key="case_id", owner="evidence"):
    """An order was carried out, or was not: `error` says why, for the official. It holds the order, so that one from
    the command line is known as well. `result`: JSON of the kind of order, without fractions and without content."""

    order_id: UUID
    case_id: UUID
    kind: OrderKind
    by: str
    why: str
    basis: str
    ordered_at: AwareDatetime
    done_at: AwareDatetime
    error: str | None = None
    result: dict[str, Any] = Field(default={})
