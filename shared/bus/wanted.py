"""Several types share a topic; a service takes those it handles and passes over the others."""

from collections.abc import Container

from shared.bus.port import Received
from shared.events import Event
from shared.events.base import REGISTRY


def wanted(record: Received, handled: Container[type[Event]]) -> bool:
    """Whether to decode it. An unknown or missing type is wanted too: decoding says what is wrong with it."""
    known = REGISTRY.get(record.headers.get("ce_type", b"").decode(errors="replace"))
    return known is None or known in handled
