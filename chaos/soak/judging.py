"""What an hour of samples says: which process grows, whether anything waits longer and longer. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from chaos.soak.run import Sample, Soaked
from chaos.soak.trend import Trend, trend
from haetae.summary import percentile

LATER = 1.25  # so much longer findings may take in the last third than in the first
LATER_S = 0.5  # and so much more is within what a busy machine does
# An hour's growth that no machine notices within a month.
NOTHING_MB, NOTHING_COUNTED = 2.0, 1.0
HIGHEST_WAITING = 500  # records of a service not handled at any moment: a burst, not a queue that grows


@dataclass(frozen=True)
class Verdict:
    """`grows`: what was not seen to be flat, in words. Memory in MB, seconds from found to draft."""

    memory: Mapping[str, Trend]
    files: Mapping[str, Trend]
    waiting: Mapping[str, Trend]
    first_third_s: float
    last_third_s: float
    p99_s: float
    grows: Sequence[str]

    def shown(self) -> dict[str, object]:
        return asdict(self)


def judged(soaked: Soaked) -> Verdict:
    """Raises `ValueError` where too little was sampled or found."""
    names = _names(soaked.samples)
    memory = {name: _of(soaked.samples, name, "memory_mb", NOTHING_MB) for name in names}
    files = {name: _of(soaked.samples, name, "files", NOTHING_COUNTED) for name in names}
    lines = sorted({name for sample in soaked.samples for name in sample.waiting})
    waits = {name: _waiting(soaked.samples, name) for name in lines}
    if len(soaked.to_draft_s) < 3:
        raise ValueError(f"findings: {len(soaked.to_draft_s)} were drafted, too few to compare")
    third = len(soaked.to_draft_s) // 3
    first, last = median(soaked.to_draft_s[:third]), median(soaked.to_draft_s[-third:])
    grows = [
        *(_told(name, "MB", one) for name, one in memory.items() if one.growth != "flat"),
        *(_told(name, "open files", one) for name, one in files.items() if one.growth != "flat"),
        *(_told(name, "records waiting", one) for name, one in waits.items() if one.growth != "flat"),
        *(f"{n}: {one.highest:.0f} records waited" for n, one in waits.items() if one.highest > HIGHEST_WAITING),
    ]
    if last > LATER * first + LATER_S:
        grows.append(f"found to drafted: {first:.2f} s in the first third, {last:.2f} s in the last")
    p99 = percentile(sorted(soaked.to_draft_s), 99)
    return Verdict(memory, files, waits, round(first, 3), round(last, 3), round(p99, 3), grows)


def _names(samples: Sequence[Sample]) -> list[str]:
    """Of those that are there most of the time: others come and go with their work."""
    seen = [name for sample in samples for name in sample.held]
    return sorted({name for name in seen if seen.count(name) > len(samples) / 2})


def _of(samples: Sequence[Sample], name: str, what: str, least: float) -> Trend:
    there = [(sample.hours, getattr(sample.held[name], what)) for sample in samples if name in sample.held]
    return trend([at for at, _ in there], [value for _, value in there], least)


def _waiting(samples: Sequence[Sample], name: str) -> Trend:
    there = [(sample.hours, sample.waiting[name]) for sample in samples if name in sample.waiting]
    return trend([at for at, _ in there], [value for _, value in there], NOTHING_COUNTED)


def _told(name: str, unit: str, one: Trend) -> str:
    between = f"between {one.at_least:+.1f} and {one.at_most:+.1f}"
    return f"{name} {one.growth}: {one.slope:+.1f} {unit} an hour ({between}), median {one.median:.0f}"
