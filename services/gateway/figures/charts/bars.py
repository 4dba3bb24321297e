"""Bars that lie, one a row, with room for names before and for the figure behind. Pure: geometry in the units of the
drawing; the template draws, the style sheet colours."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.figures.charts.scale import ticks

WIDTH, ROW, TOP, NAMES, FIGURES = 640.0, 34.0, 8.0, 190.0, 110.0
THICK = 18.0
LONGEST = 24  # letters of a name; all of it stands in the table


@dataclass(frozen=True)
class Datum:
    """`low`, `high`: its interval, or a second mark (the slowest tenth). `text`: the figure as it is written."""

    name: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Bar:
    name: str
    text: str
    y: float
    width: float
    low: float | None
    high: float | None

    @property
    def middle(self) -> float:
        return self.y + THICK / 2


@dataclass(frozen=True)
class Bars:
    width: float
    height: float
    left: float
    right: float
    bars: Sequence[Bar]
    marks: Sequence[float]
    thick: float = THICK


def bars(data: Sequence[Datum], highest: float | None = None) -> Bars:
    """`highest`: of the axis, where it is known beforehand (1 for shares)."""
    tops = [max(one.value, one.high or 0.0) for one in data]
    axis = ticks(highest if highest is not None else max(tops, default=0.0))
    span, room = axis[-1], WIDTH - NAMES - FIGURES

    def across(value: float | None) -> float | None:
        return None if value is None else round(NAMES + room * min(1.0, max(0.0, value / span)), 1)

    made = [
        Bar(
            shortened(one.name),
            one.text,
            round(TOP + ROW * row, 1),
            round((across(one.value) or NAMES) - NAMES, 1),
            across(one.low),
            across(one.high),
        )
        for row, one in enumerate(data)
    ]
    marks = [across(tick) or 0.0 for tick in axis]
    return Bars(WIDTH, TOP * 2 + ROW * len(data), NAMES, NAMES + room, made, marks)


def shortened(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
