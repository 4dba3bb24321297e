"""Robustness of fingerprints: how often a changed photograph is found, where no other one is.

Each photograph is listed, and changed in the forty ways of the table and in further ones whose measures are drawn by
chance, so that they miss what is stored; each changed one is compared with every listed one. Recall is counted at the
largest threshold at which no pair of different photographs agrees (that is most favourable to the peers); ours also
stays within the threshold that it is used with. `DATA=FOLDER` gives the photographs: see `benchmarks.photographs`.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Figure, alone
from benchmarks.photographs.comparing import Compared, Costs, compare
from benchmarks.photographs.sources import photographs
from benchmarks.photographs.transforms import COMPANIONS, FORTY, OFF_GRID
from benchmarks.photographs.ways import OURS, OUTSIDE, PDQ, PHASH, WAYS, Way
from shared.prints.confirm import ALONE, SECOND

QUICK_PHOTOGRAPHS = 9
ALIKE = 31  # bits of PDQ: two photographs of one folder that are one and the same picture

FORTY_CHANGES, OTHERS = slice(0, len(FORTY)), slice(len(FORTY), None)

Recall = NDArray[np.float64]  # of each change
Pairs = NDArray[np.bool_]  # changes × photographs × photographs


@dataclass(frozen=True)
class Column:
    """`agreeing`: pairs of different photographs within the threshold."""

    title: str
    threshold: int
    recall: Recall
    agreeing: int

    def mean(self, changes: slice) -> float:
        return round(float(self.recall[changes].mean()), 3)


def measure(quick: bool, home: Path) -> Figure:
    del home  # nothing is kept
    folder = os.environ.get("DATA")
    photos = photographs(Path(folder) if folder else None)
    if quick:
        photos = photos[:: max(1, len(photos) // QUICK_PHOTOGRAPHS)][:QUICK_PHOTOGRAPHS]
    if len(photos) <= COMPANIONS:
        raise SystemExit(f"{len(photos)} photographs are too few: give DATA=FOLDER of sixty or more")
    changes = {**FORTY, **OFF_GRID}
    compared, costs = compare(photos, changes, WAYS)
    different = _different(compared[PDQ.name], list(changes))
    columns = _columns(compared, different)
    _print(list(changes), columns)
    nearest = int(compared[OURS.name].first[different].min())
    return _figure(len(photos), int(different[FORTY_CHANGES].sum()), nearest, columns, costs)


def _different(pdq: Compared, changes: Sequence[str]) -> Pairs:
    """Pairs that no way may hold for one: not of a photograph with itself or its like, nor with what is in a collage
    with it."""
    count = pdq.first.shape[1]
    same = pdq.first[changes.index("identity")] <= ALIKE
    pairs = np.broadcast_to(~(same | same.T | np.eye(count, dtype=bool)), pdq.first.shape).copy()
    for step in range(1, COMPANIONS + 1):
        pairs[changes.index("collage_2x2"), np.arange(count), (np.arange(count) + step) % count] = False
    return pairs


def _columns(compared: Mapping[str, Compared], different: Pairs) -> list[Column]:
    ours = compared[OURS.name]
    sure = (ours.first <= ALONE) | ((ours.first <= OURS.usual) & (ours.second <= SECOND))
    return [
        _column(OURS, compared, different, OURS.usual),
        Column(f"… confirmed by a second hash beyond {ALONE}", OURS.usual, _own(sure), int(sure[different].sum())),
        *(_column(way, compared, different, threshold) for way, threshold in (
            (OUTSIDE, OUTSIDE.usual), (PDQ, PDQ.usual), (PDQ, None), (PHASH, None),
        )),
    ]  # fmt: skip


def _column(way: Way, compared: Mapping[str, Compared], different: Pairs, threshold: int | None) -> Column:
    """Without threshold, at the largest at which no different photographs agree."""
    first = compared[way.name].first
    safe = int(first[different].min()) - 1
    within = safe if threshold is None else threshold
    return Column(f"{way.name}, {within} bits", within, _own(first <= within), int((first[different] <= within).sum()))


def _own(found: Pairs) -> Recall:
    return np.asarray(found.diagonal(axis1=1, axis2=2).mean(axis=1))


def _print(changes: Sequence[str], columns: Sequence[Column]) -> None:
    for number, column in enumerate(columns, 1):
        print(f"({number}) {column.title}: {column.agreeing} pairs of different photographs agree")
    width = max(map(len, changes)) + 2
    lines = [(name, [column.recall[place] for column in columns]) for place, name in enumerate(changes)]
    means = [("MEAN OF THE FORTY", FORTY_CHANGES), ("MEAN OFF THE GRID", OTHERS)]
    lines += [(name, [column.mean(part) for column in columns]) for name, part in means]
    print(" " * width + "".join(f"{f'({number})':>7}" for number in range(1, len(columns) + 1)))
    for name, values in lines:
        print(f"{name:<{width}}" + "".join(f"{value:7.2f}" for value in values))


def _figure(photos: int, pairs: int, nearest: int, columns: Sequence[Column], costs: Costs) -> Figure:
    ours, sure, outside, pdq, pdq_safe, phash = columns
    least = int(ours.recall[FORTY_CHANGES].argmin())
    return Figure(
        name="hashing",
        unit=f"mean recall over {len(FORTY)} changes, no false match among {pairs:,} harmless pairs",
        ours=ours.mean(FORTY_CHANGES),
        peers={column.title: column.mean(FORTY_CHANGES) for column in (pdq, pdq_safe, phash)},
        floor=None,
        lower_is_better=False,
        bound_by="what the page's own pictures, stickers and screens hide; windows off the grid of stored variants",
        detail={
            "photographs": photos,
            "pairs": pairs,
            "false_matches": ours.agreeing,
            "bits_to_the_nearest_other": nearest,
            "least": {list(FORTY)[least]: round(float(ours.recall[least]), 3)},
            "confirmed": sure.mean(FORTY_CHANGES),
            "foreign_list": outside.mean(FORTY_CHANGES),
            "off_grid": {"ours": ours.mean(OTHERS), "confirmed": sure.mean(OTHERS), "pdq": pdq_safe.mean(OTHERS)},
            "rows_a_picture": round(costs.rows[OURS.name], 1),
            "cpu_ms_to_list": round(1e3 * costs.listing[OURS.name]),
            "cpu_ms_to_look_up": {way.name: round(1e3 * costs.looking[way.name], 1) for way in (OURS, PDQ, PHASH)},
        },
    )


if __name__ == "__main__":
    alone(measure)
