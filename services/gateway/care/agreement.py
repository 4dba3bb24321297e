"""How far two readings of the same cases agree. Pure.

Raw agreement says little where nearly everything is approved: two people who approve blindly agree always. Cohen's
kappa takes away what chance alone would give (J. Cohen, Educational and Psychological Measurement 20, 1960); its
large-sample standard error is that of Fleiss, Cohen and Everitt (Psychological Bulletin 72, 1969, formula 13).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

Pair = tuple[str, str]  # what was said first, what was said again
Z = 1.959964  # 95 % of a normal distribution
FEWEST = 20  # looks: below, the large-sample error is no guide, and a figure would only look like one


@dataclass(frozen=True)
class Agreement:
    """`share`: of equal readings. `kappa` with `low` and `high` (95 %), None while there are too few looks, or where
    chance alone would agree on everything."""

    n: int
    agreed: int
    kappa: float | None
    low: float | None
    high: float | None

    @property
    def share(self) -> float | None:
        return self.agreed / self.n if self.n else None


def agreement(counts: Mapping[Pair, int]) -> Agreement:
    n = sum(counts.values())
    agreed = sum(count for (first, second), count in counts.items() if first == second)
    kappa, error = cohen(counts) if n >= FEWEST else (None, None)
    if kappa is None or error is None:
        return Agreement(n, agreed, None, None, None)
    return Agreement(n, agreed, kappa, max(-1.0, kappa - Z * error), min(1.0, kappa + Z * error))


def cohen(counts: Mapping[Pair, int]) -> tuple[float | None, float | None]:
    """Kappa and its standard error; None where the table has one row and column only."""
    n = sum(counts.values())
    names = sorted({name for pair in counts for name in pair})
    share = {(i, j): counts.get((i, j), 0) / n for i in names for j in names} if n else {}
    rows, columns = margin(share, 0), margin(share, 1)
    observed = sum(share.get((i, i), 0.0) for i in names)
    chance = sum(rows[i] * columns[i] for i in names)
    if not n or chance >= 1.0:
        return None, None
    kappa = (observed - chance) / (1 - chance)
    diagonal = sum(share[i, i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2 for i in names)
    beside = sum(share[i, j] * (columns[i] + rows[j]) ** 2 for i in names for j in names if i != j)
    variance = diagonal + (1 - kappa) ** 2 * beside - (kappa - chance * (1 - kappa)) ** 2
    return kappa, sqrt(max(0.0, variance) / n) / (1 - chance)


def margin(share: Mapping[Pair, float], side: int) -> Counter[str]:
    sums: Counter[str] = Counter()
    for pair, value in share.items():
        sums[pair[side]] += value  # type: ignore[assignment]  # a Counter of shares
    return sums


def together(tables: Iterable[Mapping[Pair, int]]) -> Counter[Pair]:
    return sum((Counter(table) for table in tables), Counter())
