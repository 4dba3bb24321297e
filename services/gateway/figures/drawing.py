"""Which chart a table has, in the reader's words. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.gateway.figures.charts.bars import Bars, Datum, bars
from services.gateway.figures.charts.columns import Columns, columns
from services.gateway.figures.charts.lines import Lines, Series, lines
from services.gateway.figures.tables import Cell, Column, Table
from services.gateway.texts import Texts

MOST_BARS = 12  # more cannot be compared at a glance; the table has all
Chart = Bars | Lines | Columns


@dataclass(frozen=True)
class Writer:
    """How values are written in the reader's language: numbers, durations."""

    texts: Texts
    number: Callable[[float, int], str]
    lasted: Callable[[float], str]

    def __call__(self, column: Column, value: Cell) -> str:
        if value is None:
            return "–"
        if column.kind == "code":
            return self.texts.word(column.words, value)
        if column.kind == "seconds":
            return self.lasted(float(value))
        if column.kind == "share":
            return f"{self.number(100 * float(value), 1)} %"
        return self.number(float(value), 0) if column.kind == "count" else str(value)


def chart(table: Table, write: Writer) -> Chart | None:
    """None where there is nothing to be seen."""
    if table.name == "course":
        return _course(table, write)
    if table.name == "durations":
        return _durations(table, write)
    if table.name == "backlog":
        data = [_datum(table, row, sum(_numbers(row[1:])), write) for row in table.rows]
        return bars(data) if any(one.value for one in data) else None
    if table.name in ("stages", "recipients"):
        place = 2 if table.name == "stages" else 3
        return _medians(table, place, write)
    if table.name == "overdue":
        data = [_datum(table, row, _numbers(row[1:])[0], write) for row in table.rows]
        return bars(data) if any(one.value for one in data) else None
    return _shares(table, write) if table.name.startswith("agreement_") else None


def _numbers(values: Sequence[Cell]) -> list[float]:
    return [float(value) for value in values if isinstance(value, int | float)]


def _datum(table: Table, row: Sequence[Cell], value: float, write: Writer) -> Datum:
    return Datum(write(table.columns[0], row[0]), value, write.number(value, 0))


def _medians(table: Table, place: int, write: Writer) -> Bars | None:
    """The median as the bar, the slowest tenth as a mark."""
    data = []
    for row in table.rows:
        median, p90 = row[place], row[place + 1]
        if isinstance(median, float) and isinstance(p90, float):
            data.append(Datum(write(table.columns[0], row[0]), median, write.lasted(median), high=p90))
    return bars(data[:MOST_BARS]) if data else None


def _shares(table: Table, write: Writer) -> Bars | None:
    """Each with its interval."""
    data = []
    for row in table.rows:
        share, low, high = row[3:6]
        if isinstance(share, float) and isinstance(low, float) and isinstance(high, float):
            data.append(Datum(write(table.columns[0], row[0]), share, write(table.columns[3], share), low, high))
    return bars(data[:MOST_BARS], highest=1.0) if data else None


def _course(table: Table, write: Writer) -> Lines | None:
    names = [column.name for column in table.columns[1:]]
    series = [
        Series(write.texts(f"figure_column.{name}"), _numbers([row[place] for row in table.rows]))
        for place, name in enumerate(names, start=1)
    ]
    some = len(table.rows) > 1 and any(value for one in series for value in one.values)
    return lines([str(row[0]) for row in table.rows], series) if some else None


def _durations(table: Table, write: Writer) -> Columns | None:
    data = [(write(table.columns[0], row[0]), n, write.number(n, 0)) for row in table.rows for n in _numbers(row[1:])]
    return columns(data) if any(value for _, value, _ in data) else None
