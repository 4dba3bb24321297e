"""What was seen of one kind of request."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Seen:
    """Seconds of each request, and what was claimed."""

    seconds: list[float] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)


def percentile(seconds: Sequence[float], share: float) -> float:
    """Milliseconds: the smallest that at least this share of them does not exceed."""
    ordered = sorted(seconds)
    return round(1000 * ordered[max(0, math.ceil(share * len(ordered)) - 1)], 2)


def told(seconds: Sequence[float], lasted_s: float) -> dict[str, float]:
    return {
        "p50_ms": percentile(seconds, 0.5),
        "p99_ms": percentile(seconds, 0.99),
        "worst_ms": percentile(seconds, 1.0),
        "per_s": round(len(seconds) / lasted_s, 1),
        "n": len(seconds),
    }
