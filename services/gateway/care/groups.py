"""Groups so large that nobody can be told from them. Pure."""

from collections.abc import Callable, Sequence
from typing import TypeVar

PEOPLE = 5  # in sums of a house; fewer, and each of them could reckon another's share out of the sum
T = TypeVar("T")


def merged(
    named: Sequence[tuple[str, T]], size: Callable[[T], int], join: Callable[[T, T], T], least: int
) -> tuple[list[tuple[str, T]], T | None]:
    """Those of at least `least`, and the rest as one. The rest is never smaller than `least` either, for it is what
    a reader gets by taking those shown from a total: the smallest of the shown join it until it is large enough.
    A rest that stays small is all there is, and then nothing is shown: ([], None)."""
    shown = sorted((one for one in named if size(one[1]) >= least), key=lambda one: -size(one[1]))
    small = [value for _, value in named if 0 < size(value) < least]
    rest: T | None = None
    for value in small:
        rest = value if rest is None else join(rest, value)
    while rest is not None and size(rest) < least and shown:
        rest = join(rest, shown.pop()[1])
    return (shown, rest) if rest is None or size(rest) >= least else ([], None)
