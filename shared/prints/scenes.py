"""Which frames of a moving picture say most (pure): those at which the scene changes."""

from typing import Generic, TypeVar

import numpy as np
from PIL import Image

T = TypeVar("T")

SIDE = 32  # scenes are compared by so many places a side: noise and captions average out
CHANGED = 12.0  # mean difference of brightness, of 255: compression and a moving head stay below, a cut is above


class Scenes(Generic[T]):
    """At most `most` of them; when there are more changes, the largest ones."""

    def __init__(self, most: int, first: Image.Image | None = None) -> None:
        """`first`: a frame that is known already, and is not to be kept again."""
        self._most, self._last = most, None if first is None else brightness(first)
        self._change = 0.0
        self._kept: list[tuple[float, T]] = []

    def wants(self, frame: Image.Image) -> bool:
        """Whether another scene begins with this frame: then `keep` what is made of it. In the order of time."""
        now = brightness(frame)
        self._change = 256.0 if self._last is None else float(np.abs(now - self._last).mean())
        if self._change < CHANGED:
            return False
        self._last = now
        return len(self._kept) < self._most or self._change > min(change for change, _ in self._kept)

    def keep(self, item: T) -> None:
        if len(self._kept) >= self._most:
            del self._kept[min(range(self._most), key=lambda number: self._kept[number][0])]
        self._kept.append((self._change, item))

    @property
    def kept(self) -> tuple[T, ...]:
        return tuple(item for _, item in self._kept)


def brightness(frame: Image.Image) -> "np.typing.NDArray[np.float32]":
    small = frame.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, np.float32)
