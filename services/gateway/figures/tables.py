"""What a head of centre asks, as tables: the page draws them, the API and CSV give them as they are. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt

from services.gateway.figures.buckets import under
from services.gateway.figures.counting import BANDS, NO, OVERDUE, STAGES, YES
from services.gateway.figures.reading import COURSE, MOST_RECIPIENTS, Period, Sums

Cell = str | int | float | None
MOST_NAMES = 30  # of categories and languages
Z = 1.959964  # 95 %
HOUR, DAY_S = 3600.0, 86400.0
CLASSES = (
    ("hour", 0.0, HOUR),
    ("hours_6", HOUR, 6 * HOUR),
    ("hours_24", 6 * HOUR, DAY_S),
    ("days_2", DAY_S, 2 * DAY_S),
    ("days_7", 2 * DAY_S, 7 * DAY_S),
    ("more", 7 * DAY_S, float("inf")),
)
AGES = (("today", 0, 1), ("days_2", 1, 3), ("days_6", 3, 7), ("weeks", 7, 28), ("older", 28, 10**6))


@dataclass(frozen=True)
class Column:
    """`kind`: how a value is written: code (of the section `words`), text, date, count, seconds or share (0 to 1)."""

    name: str
    kind: str = "count"
    words: str = ""


@dataclass(frozen=True)
class Table:
    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]

    @property
    def says_something(self) -> bool:
        """A table of zeros is long, and says what one word does."""
        return any(isinstance(value, int | float) and value for row in self.rows for value in row)


def tables(sums: Sums, period: Period, today: date) -> list[Table]:
    return [
        totals(sums),
        stages(sums),
        durations(sums),
        course(sums, period),
        recipients(sums),
        backlog(sums, today),
        overdue(sums, today),
        *(judged(sums, dimension, words) for dimension, words in JUDGED),
    ]


TOTALS = ("found", "decided", "approved", "sent", "removed", "back", "reupload")


def totals(sums: Sums) -> Table:
    bounced = sum(sums.count("bounced", "recipient", name) for name in sums.values("bounced", "recipient"))
    rows: list[Sequence[Cell]] = [(name, sums.count(name)) for name in TOTALS]
    return Table("totals", (Column("what", "code", "figure_total"), Column("cases")), [*rows, ("bounced", bounced)])


def stages(sums: Sums) -> Table:
    columns = (Column("stage", "code", "figure_stage"), Column("cases"), Column("median", "seconds"),
               Column("p90", "seconds"))  # fmt: skip
    rows = [(name, sums.count(name), sums.quantile(0.5, name), sums.quantile(0.9, name)) for name in STAGES]
    return Table("stages", columns, rows)


def durations(sums: Sums) -> Table:
    """How long content stayed, from its finding on."""
    counts = sums.histogram("found_to_removed")
    rows = [(name, under(counts, low, high)) for name, low, high in CLASSES]
    return Table("durations", (Column("took", "code", "figure_class"), Column("cases")), rows)


def course(sums: Sums, period: Period) -> Table:
    rows: list[Sequence[Cell]] = [
        (str(at), *(sums.course[name].get(at, 0) for name in COURSE)) for at in period.moments()
    ]
    return Table("course", (Column("day", "date"), *(Column(name) for name in COURSE)), rows)


def recipients(sums: Sums) -> Table:
    """Of what was asked within the period, and of what went within it."""
    known = {*sums.values("asked", "recipient"), *sums.values("gone", "recipient")}
    by_asked = sorted(known, key=lambda name: (-sums.count("asked", "recipient", name), name))[:MOST_RECIPIENTS]
    rows = [
        (
            name,
            sums.count("asked", "recipient", name),
            sums.count("gone", "recipient", name),
            sums.quantile(0.5, "gone", "recipient", name),
            sums.quantile(0.9, "gone", "recipient", name),
            sums.count("bounced", "recipient", name),
        )
        for name in by_asked
    ]
    columns = (Column("recipient", "text"), Column("asked"), Column("gone"), Column("median", "seconds"),
               Column("p90", "seconds"), Column("bounced"))  # fmt: skip
    return Table("recipients", columns, rows)


def backlog(sums: Sums, today: date) -> Table:
    """What awaits review now, by risk and by how many days."""
    rows: list[Sequence[Cell]] = [
        (name, *(_aged(sums, "waiting", name, today, low, high) for _, low, high in AGES)) for name, _ in BANDS
    ]
    return Table("backlog", (Column("band", "code", "risk"), *(Column(name) for name, _, _ in AGES)), rows)


def overdue(sums: Sums, today: date) -> Table:
    rows = [(alarm.value, _aged(sums, "overdue", alarm.value, today, -(10**6), 10**6)) for alarm in OVERDUE]
    return Table("overdue", (Column("alarm", "code", "alarm_short"), Column("cases")), rows)


def _aged(sums: Sums, measure: str, value: str, today: date, low: int, high: int) -> int:
    return sum(n for day, n in sums.standing[measure][value].items() if low <= max(0, (today - day).days) < high)


JUDGED = (("band", "risk"), ("category", "category"), ("language", ""))


def judged(sums: Sums, dimension: str, words: str) -> Table:
    """Of what was flagged and a person decided: how much was approved. Programs and policies do not count."""
    names = [name for name, _ in BANDS] if dimension == "band" else sums.values("judged", dimension)
    by_count: Callable[[str], tuple[int, str]] = lambda name: (-sums.count("judged", dimension, name), name)  # noqa: E731  # a key
    shown = names if dimension == "band" else sorted(names, key=by_count)[:MOST_NAMES]
    rows: list[Sequence[Cell]] = [(name, *precision(sums.histogram("judged", dimension, name))) for name in shown]
    columns = (Column(dimension, "code" if words else "text", words), Column("decided"), Column("approved"),
               Column("precision", "share"), Column("low", "share"), Column("high", "share"))  # fmt: skip
    return Table(f"agreement_{dimension}", columns, rows)


def precision(counts: dict[int, int]) -> tuple[int, int, float | None, float | None, float | None]:
    """Decided, approved, their share with Wilson's interval (E. B. Wilson, JASA 22, 1927), which holds for few too."""
    yes, n = counts.get(YES, 0), counts.get(YES, 0) + counts.get(NO, 0)
    if not n:
        return 0, 0, None, None, None
    share, z2 = yes / n, Z * Z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return n, yes, share, max(0.0, centre - half), min(1.0, centre + half)
