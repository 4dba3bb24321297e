"""Every changed photograph beside every listed one, in each way."""

import io
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.photographs.transforms import COMPANIONS, Transform
from benchmarks.photographs.ways import Hashes, Way

QUALITY = 92  # of the JPEG that each changed picture is posted as
FAR = 512  # the distance of what has no hash

Distances = NDArray[np.int16]


@dataclass(frozen=True)
class Compared:
    """Of one way: changes × photographs × photographs, the least distance of the changed i to the listed j. `second`:
    where the way has a second hash, its distance at that place."""

    first: Distances
    second: Distances


@dataclass
class Costs:
    """CPU-seconds and rows of one photograph, by way: to list it, and to look a changed one up."""

    listing: dict[str, float]
    looking: dict[str, float]
    rows: dict[str, float]


class _Listed:
    def __init__(self, hashes: Sequence[Hashes]) -> None:
        self.owners = np.repeat(np.arange(len(hashes)), [len(one) for one in hashes])
        self.first = np.concatenate([one.first for one in hashes])
        seconds = [one.second for one in hashes if one.second is not None]
        self.second = np.concatenate(seconds) if len(seconds) == len(hashes) else None
        self.photographs = len(hashes)

    def nearest(self, asked: Hashes) -> tuple[Distances, Distances]:
        first, second = np.full((2, self.photographs), FAR, np.int16)
        if not len(asked) or not len(self.first):
            return first, second
        apart = np.bitwise_count(asked.first[:, None] ^ self.first[None]).sum(axis=2, dtype=np.int16)
        by, least = apart.argmin(axis=0), apart.min(axis=0)
        order = np.argsort(least, kind="stable")
        owners, places = np.unique(self.owners[order], return_index=True)
        rows = order[places]  # of each photograph, the row that is nearest
        first[owners] = least[rows]
        if self.second is not None and asked.second is not None:
            second[owners] = np.bitwise_count(asked.second[by[rows], 0] ^ self.second[rows, 0])
        return first, second


def compare(
    photos: Sequence[Image.Image], changes: Mapping[str, Transform], ways: Sequence[Way]
) -> tuple[dict[str, Compared], Costs]:
    costs = Costs({}, {way.name: 0.0 for way in ways}, {})
    listed = {way.name: _Listed(_list(way, photos, costs)) for way in ways}
    shape = 2, len(changes), len(photos), len(photos)
    found = {way.name: np.full(shape, FAR, np.int16) for way in ways}
    for number, photo in enumerate(photos):
        others = [photos[(number + step) % len(photos)] for step in range(1, COMPANIONS + 1)]
        for place, (name, change) in enumerate(changes.items()):
            file = posted(change(photo, random.Random(f"{number} {name}"), others))
            for way in ways:
                begun = time.process_time()
                asked = way.looked_up(file)
                costs.looking[way.name] += (time.process_time() - begun) / len(photos) / len(changes)
                found[way.name][:, place, number] = listed[way.name].nearest(asked)
    return {name: Compared(first, second) for name, (first, second) in found.items()}, costs


def posted(photo: Image.Image) -> bytes:
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _list(way: Way, photos: Sequence[Image.Image], costs: Costs) -> list[Hashes]:
    begun = time.process_time()
    hashes = [way.listed(_kept(photo)) for photo in photos]
    costs.listing[way.name] = (time.process_time() - begun) / len(photos)
    costs.rows[way.name] = sum(map(len, hashes)) / len(photos)
    return hashes


def _kept(photo: Image.Image) -> bytes:
    """As its owner has it."""
    out = io.BytesIO()
    photo.save(out, "PNG", compress_level=1)
    return out.getvalue()
