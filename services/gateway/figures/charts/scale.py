"""Axes: round numbers, as a person would choose them. Pure."""

from math import ceil, floor, log10

STEPS = (1, 2, 5, 10)
MOST_TICKS = 6


def ticks(highest: float) -> list[float]:
    """From 0 to a round number that is not below `highest`, at most `MOST_TICKS` of them."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / (MOST_TICKS - 1)
    power = 10.0 ** floor(log10(rough))
    step = next(step * power for step in STEPS if step * power >= rough * (1 - 1e-9))
    return [step * n for n in range(ceil(highest / step - 1e-9) + 1)]
