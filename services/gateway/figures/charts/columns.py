"""Columns beside one another: a distribution. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.figures.charts.scale import ticks

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640.0, 240.0, 56.0, 22.0, 34.0
FILLED = 0.7  # of its place


@dataclass(frozen=True)
class Column:
    name: str
    text: str
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Columns:
    width: float
    height: float
    left: float
    bottom: float
    columns: Sequence[Column]
    rows: Sequence[tuple[float, float]]


def columns(data: Sequence[tuple[str, float, str]]) -> Columns:
    """Of each its name, its value and how it is written."""
    axis = ticks(max((value for _, value, _ in data), default=0.0))
    bottom = HEIGHT - BOTTOM
    place = (WIDTH - LEFT) / max(1, len(data))

    def up(value: float) -> float:
        return round(bottom - (bottom - TOP) * value / axis[-1], 1)

    made = [
        Column(
            name,
            text,
            round(LEFT + place * (n + (1 - FILLED) / 2), 1),
            up(value),
            round(place * FILLED, 1),
            round(bottom - up(value), 1),
        )
        for n, (name, value, text) in enumerate(data)
    ]
    return Columns(WIDTH, HEIGHT, LEFT, bottom, made, [(up(tick), tick) for tick in axis])
