"""What the lines of custody say of a case now: whole or broken, held, stamped, destroyed (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from haetae_verify.canonical import moment
from haetae_verify.chain import broken_at
from shared.events import CustodyAction

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Hold:
    """A legal hold that is in force, named by its order. `until`: when it ends by itself."""

    order: str
    by: str
    why: str
    basis: str
    since: str
    until: str | None


@dataclass(frozen=True)
class Stamp:
    authority: str
    at: str


@dataclass(frozen=True)
class Standing:
    """`broken`: the number of the first line that is not right; None when all are. Moments are as in the lines."""

    broken: int | None
    holds: tuple[Hold, ...]
    stamps: tuple[Stamp, ...]
    destroyed: Line | None


def standing(lines: Sequence[Line], now: datetime) -> Standing:
    destroyed = [line for line in lines if line["action"] == CustodyAction.DESTROYED]
    return Standing(broken_at(lines), holds(lines, now), stamps(lines), destroyed[0] if destroyed else None)


def holds(lines: Sequence[Line], now: datetime) -> tuple[Hold, ...]:
    """Those that were neither released nor are over."""
    placed: dict[str, Hold] = {}
    for line in lines:
        details = line["details"]
        if line["action"] == CustodyAction.HELD:
            hold = Hold(
                order=_said(details, "order_id"),
                by=line["actor"],
                why=_said(details, "why"),
                basis=_said(details, "basis"),
                since=line["at"],
                until=_said(details, "until") or None,
            )
            placed[hold.order] = hold
        elif line["action"] == CustodyAction.RELEASED:
            placed.pop(_said(details, "hold"), None)
    present = moment(now)
    return tuple(hold for hold in placed.values() if hold.until is None or hold.until > present)


def stamps(lines: Sequence[Line]) -> tuple[Stamp, ...]:
    return tuple(
        Stamp(_said(line["details"], "authority"), _said(line["details"], "stamped_at") or line["at"])
        for line in lines
        if line["action"] == CustodyAction.STAMPED
    )


def _said(details: Mapping[str, Any], name: str) -> str:
    return str(details.get(name) or "")
