"""Lines of custody as the evidence service would tell them of a case."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from haetae_verify.canonical import moment
from haetae_verify.chain import GENESIS, line_hash
from shared.events import CustodyAction, CustodyNoted
from shared.events.values import SealedObject

AT = datetime(2026, 11, 22, 9, 0, 2, tzinfo=UTC)
WORDS = {"order_id": "7c1b0f5e-0000-5000-8000-000000000001", "why": "reference 2026-11", "basis": "a court's order"}


def told(
    case: UUID, *steps: tuple[CustodyAction, dict[str, Any]], objects: Sequence[SealedObject] = (), start: datetime = AT
) -> list[CustodyNoted]:
    """A chain of these steps, a second apart, each of all `objects`."""
    events: list[CustodyNoted] = []
    for number, (action, details) in enumerate(steps):
        line = {
            "case_id": str(case),
            "seq": number + 1,
            "at": moment(start + timedelta(seconds=number)),
            "actor": "evidence",
            "action": action.value,
            "artifacts": sorted(({"name": item.name, "sha256": item.sha256} for item in objects), key=_name),
            "details": details,
            "prev_hash": events[-1].hash if events else GENESIS,
        }
        events.append(CustodyNoted.model_validate({**line, "hash": line_hash(line)}))
    return events


def _name(item: dict[str, str]) -> str:
    return item["name"]
