"""Buckets, cells, tables, charts, sheets, and what is public: pure."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from services.gateway.care.agreement import agreement, cohen
from services.gateway.care.groups import merged
from services.gateway.figures.buckets import NONE, bucket, middle, quantile, under
from services.gateway.figures.charts.bars import Datum, bars
from services.gateway.figures.charts.columns import columns
from services.gateway.figures.charts.lines import APART, Series, lines, spread
from services.gateway.figures.charts.scale import MOST_TICKS, ticks
from services.gateway.figures.counting import CaseFacts, NoticeFacts, cells
from services.gateway.figures.publishing import LEAST, published
from services.gateway.figures.reading import Period, Sums, period
from services.gateway.figures.rolling import grains, packed, unpacked
from services.gateway.figures.sheets import sheet
from services.gateway.figures.tables import Column, Table, precision, tables
from services.gateway.problems import Problem

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def case(**more: object) -> CaseFacts:
    given: dict[str, object] = {
        "state": "removed", "alarm": None, "category": "reupload", "language": "ko", "risk": 0.95,
        "verdict": "approved", "by_person": True, "reupload": True, "found_at": NOON, "drafted_at": NOON + HOUR,
        "decided_at": NOON + 2 * HOUR, "sent_at": NOON + 3 * HOUR, "removed_at": NOON + 27 * HOUR,
        "reappeared_at": None,
        "notices": [NoticeFacts("harbour.test", "host", "KR", NOON + 3 * HOUR, None)],
    }  # fmt: skip
    return CaseFacts(**(given | more))  # type: ignore[arg-type]  # fields by name


@given(st.lists(st.floats(1.0, 3e7), min_size=1, max_size=200), st.sampled_from([0.0, 0.5, 0.9, 1.0]))
@settings(max_examples=50)
def test_quantiles_of_buckets_are_near_those_of_the_values(values: list[float], q: float) -> None:
    exact = sorted(values)[int(q * (len(values) - 1))]
    near = quantile(Counter(bucket(value) for value in values), q)
    assert near == pytest.approx(exact, rel=0.026)


def test_odd_durations_have_a_bucket() -> None:
    assert bucket(-5) == bucket(0) == 0
    assert quantile({}, 0.5) is None
    assert middle(bucket(86400)) == pytest.approx(86400, rel=0.026)
    assert under({bucket(60): 3, bucket(86400): 2}, 0, 3600) == 3


def test_a_case_adds_each_stage_on_the_day_it_ended_there() -> None:
    found = {(cell.measure, cell.dimension, cell.value): cell for cell in cells(case(), UTC)}
    assert found["found", "", ""].period == date(2026, 10, 5)
    assert found["sent_to_removed", "", ""].period == date(2026, 10, 6)
    assert middle(found["sent_to_removed", "", ""].bucket) == pytest.approx(86400, rel=0.026)
    assert found["judged", "band", "very-high"].bucket == 1
    assert found["gone", "recipient", "harbour.test"].period == date(2026, 10, 6)
    assert found["removed", "country", "KR"].bucket == NONE
    assert found["removed", "kind", "host"]
    unasked = {(cell.measure, cell.dimension, cell.value) for cell in cells(case(notices=[]), UTC)}
    assert ("removed", "country", "unknown") in unasked  # so that a total less its parts tells no few
    assert found["reupload", "", ""]


def test_programs_do_not_count_as_judges_and_what_waits_counts_while_it_waits() -> None:
    measures = {cell.measure for cell in cells(case(by_person=False), UTC)}
    assert "judged" not in measures
    assert "approved" in measures
    waiting = case(state="drafted", verdict=None, decided_at=None, sent_at=None, removed_at=None, notices=[])
    assert ("waiting", "very-high") in {(cell.measure, cell.value) for cell in cells(waiting, UTC)}
    assert "waiting" not in {cell.measure for cell in cells(case(), UTC)}
    late = cells(case(state="sent", alarm="expired", removed_at=None), UTC)
    assert ("overdue", "expired") in {(cell.measure, cell.value) for cell in late}


def test_what_was_counted_is_kept_and_taken_back_exactly() -> None:
    counted = cells(case(), UTC)
    assert unpacked(packed(counted)) == counted
    assert set(grains("home", counted).values()) == {1}
    assert {grain for _, grain, _ in grains("home", counted)} == {"day", "month"}


def test_days_are_those_of_the_house() -> None:
    late = case(found_at=datetime(2026, 10, 5, 20, tzinfo=UTC))
    assert min(c.period for c in cells(late, ZoneInfo("Asia/Seoul")) if c.measure == "found") == date(2026, 10, 6)


def test_long_periods_are_of_whole_months() -> None:
    assert period(date(2026, 1, 15), date(2026, 11, 3)) == Period(date(2026, 1, 1), date(2026, 11, 3))
    assert Period(date(2025, 11, 1), date(2026, 2, 9)).moments() == [
        date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1),
    ]  # fmt: skip
    assert len(Period(date(2026, 1, 1), date(2026, 1, 31)).moments()) == 31
    for first, last, code in ((2, 1, "period-backwards"), (1, 4000, "period-long")):
        with pytest.raises(Problem, match=code):
            period(date.fromordinal(730_000 + first), date.fromordinal(730_000 + last))


def summed(*facts: CaseFacts) -> Sums:
    sums = Sums()
    for one in facts:
        for cell in cells(one, UTC):
            kept = sums.counted[cell.measure, cell.dimension].setdefault(cell.value, Counter())
            kept[cell.bucket] += 1
            if cell.measure in ("waiting", "overdue"):
                days = sums.standing[cell.measure][cell.value]
                days[cell.period] = days.get(cell.period, 0) + 1
    return sums


def test_every_table_has_a_value_for_each_column() -> None:
    waiting = case(state="drafted", verdict=None, decided_at=None, sent_at=None, removed_at=None, notices=[])
    told = tables(summed(case(), waiting), Period(date(2026, 10, 1), date(2026, 10, 31)), date(2026, 10, 8))
    assert all(len(row) == len(table.columns) for table in told for row in table.rows)
    by_name = {table.name: table for table in told}
    assert ("very-high", 0, 0, 1, 0, 0) in by_name["backlog"].rows
    assert by_name["recipients"].rows[0][:3] == ("harbour.test", 1, 1)
    empty = tables(Sums(), Period(date(2026, 10, 1), date(2026, 10, 2)), date(2026, 10, 2))
    assert {table.name for table in empty} == set(by_name)


def test_precision_has_wilsons_interval() -> None:
    assert precision({}) == (0, 0, None, None, None)
    n, yes, share, low, high = precision({1: 8, 0: 2})  # an example that textbooks give: 0.490 to 0.943
    assert (n, yes, share) == (10, 8, 0.8)
    assert (low, high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))


def test_kappa_is_that_of_another_program_and_its_error_that_of_the_paper() -> None:
    dice = random.Random(7)
    pairs = [(dice.choice("ab"), dice.choice("aab")) for _ in range(200)]
    kappa, _ = cohen(Counter(pairs))
    assert kappa == pytest.approx(cohen_kappa_score([a for a, _ in pairs], [b for _, b in pairs]))
    # Fleiss, Cohen and Everitt's own example: shares of 200 subjects; kappa .429, standard error .0538.
    rows = ((0.53, 0.05, 0.02), (0.11, 0.14, 0.05), (0.01, 0.06, 0.03))
    counts = {(str(i), str(j)): round(200 * share) for i, row in enumerate(rows) for j, share in enumerate(row)}
    kappa, error = cohen(counts)
    assert (kappa, error) == (pytest.approx(0.4286, abs=1e-4), pytest.approx(0.0538, abs=5e-4))


def test_too_few_looks_or_no_variety_have_no_kappa() -> None:
    assert agreement({("approved", "approved"): 19}).kappa is None
    assert agreement({("approved", "approved"): 500}).kappa is None
    assert agreement({}).share is None
    told = agreement({("approved", "approved"): 40, ("rejected", "rejected"): 40})
    assert (told.share, told.kappa, told.low, told.high) == (1.0, 1.0, 1.0, 1.0)


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 40), max_size=8))
@settings(max_examples=100)
def test_what_is_left_over_is_never_too_few(counts: dict[str, int]) -> None:
    shown, rest = merged(sorted(counts.items()), lambda n: n, lambda a, b: a + b, 10)
    assert all(n >= 10 for _, n in shown)
    total = sum(counts.values())
    assert rest is None or rest >= 10
    assert total - sum(n for _, n in shown) == (rest or 0) or (shown, rest) == ([], None)
    if (shown, rest) == ([], None):
        assert total < 10


def test_public_months_tell_no_small_number() -> None:
    few = published(summed(*[case()] * (LEAST - 1)))
    assert few["totals"] == {"found": None, "sent": None, "removed": None, "back": 0}
    assert set(few["median_seconds"].values()) == {None}
    assert few["removed_by_country"] == {"shown": {}, "rest": None}
    abroad = [case(notices=[NoticeFacts("far.test", "platform", "XA", NOON + HOUR, None)])] * 3
    many = published(summed(*[case()] * 30, *abroad))
    assert many["totals"]["removed"] == 33
    assert many["removed_by_country"] == {"shown": {}, "rest": 33}  # three would follow from thirty
    assert "harbour.test" not in str(many)
    assert many["median_seconds"]["found_to_removed"] == pytest.approx(97_200, rel=0.05)


@given(st.floats(0.001, 1e9))
@settings(max_examples=50)
def test_axes_end_at_a_round_number_above(highest: float) -> None:
    marks = ticks(highest)
    assert marks[-1] >= highest * (1 - 1e-9)
    assert len(marks) <= MOST_TICKS + 1
    assert marks[-2] < highest * (1 + 1e-9)


def test_charts_stay_within_their_drawing() -> None:
    drawn = bars([Datum("a" * 99, 5.0, "5", high=12.0), Datum("b", 0.0, "0")])
    assert all(0 <= bar.width <= drawn.right - drawn.left for bar in drawn.bars)
    assert drawn.bars[0].high is not None
    assert drawn.bars[0].high <= drawn.right
    assert len(drawn.bars[0].name) == 24
    course = lines(["1", "2", "3"], [Series("one", [0, 5, 2]), Series("two", [1, 5, 2])])
    assert all(0 <= x <= course.right and 0 <= y <= course.bottom for line in course.lines for x, y in line.dots)
    ends = sorted(line.named_at for line in course.lines)
    assert all(after - before >= APART for before, after in pairwise(ends))
    assert spread([], 0, 10) == []
    tall = columns([("a", 3, "3"), ("b", 0, "0")])
    assert tall.columns[0].height > tall.columns[1].height == 0


def test_sheets_cannot_be_formulas() -> None:
    table = Table("x", (Column("recipient", "text"), Column("cases"), Column("p", "share")),
                  [('=HYPERLINK("http://evil.test")', 3, 0.5), ('a,"b"\n', None, 12345.678)])  # fmt: skip
    read = list(csv.reader(io.StringIO(sheet(table).removeprefix("\ufeff"))))
    assert read == [
        ["recipient", "cases", "p"], ['\'=HYPERLINK("http://evil.test")', "3", "0.5"], ['a,"b"\n', "", "12345.7"],
    ]  # fmt: skip
