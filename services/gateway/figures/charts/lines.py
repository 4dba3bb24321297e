"""Lines over time: each with its own stroke, marks and name at its end, so that no colour is needed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.gateway.figures.charts.scale import ticks

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640.0, 260.0, 56.0, 110.0, 14.0, 34.0
APART = 16.0  # between the names at the ends
MOST_NAMES = 5  # below the axis


@dataclass(frozen=True)
class Series:
    name: str
    values: Sequence[float]


@dataclass(frozen=True)
class Line:
    """`points`: as SVG has them. `number`: from 1, for the style. `named_at`: where its name stands."""

    name: str
    number: int
    points: str
    dots: Sequence[tuple[float, float]]
    named_at: float


@dataclass(frozen=True)
class Lines:
    width: float
    height: float
    left: float
    right: float
    bottom: float
    lines: Sequence[Line]
    rows: Sequence[tuple[float, float]]  # y and value of each gridline
    names: Sequence[tuple[float, str]]  # x and name of some of the moments


def lines(moments: Sequence[str], series: Sequence[Series]) -> Lines:
    """`moments`: the name of each place; every series has a value for each."""
    axis = ticks(max((value for one in series for value in one.values), default=0.0))
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT

    def at(place: int) -> float:
        return round(LEFT + (right - LEFT) * (place / max(1, len(moments) - 1)), 1)

    def up(value: float) -> float:
        return round(bottom - (bottom - TOP) * value / axis[-1], 1)

    dots = [[(at(place), up(value)) for place, value in enumerate(one.values)] for one in series]
    ends = spread([(row[-1][1] if row else bottom) for row in dots], TOP, bottom)
    made = [
        Line(one.name, number, " ".join(f"{x},{y}" for x, y in row), row, end)
        for number, (one, row, end) in enumerate(zip(series, dots, ends, strict=True), start=1)
    ]
    every = max(1, -(-len(moments) // MOST_NAMES))
    names = [(at(place), name) for place, name in enumerate(moments) if place % every == 0]
    return Lines(WIDTH, HEIGHT, LEFT, right, bottom, made, [(up(tick), tick) for tick in axis], names)


def spread(wanted: Sequence[float], top: float, bottom: float) -> list[float]:
    """Places as near as possible below one another, none nearer than `APART`."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    places = [wanted[index] for index in order]
    for before, after in pairwise(range(len(places))):
        places[after] = max(places[after], places[before] + APART)
    over = max(0.0, places[-1] - bottom) if places else 0.0
    found = dict(zip(order, (max(top, place - over) for place in places), strict=True))
    return [round(found[index], 1) for index in range(len(wanted))]
