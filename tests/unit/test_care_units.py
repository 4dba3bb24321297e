"""Units of looks, breaks, mixing; and rows that tell nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.gateway.care import house, ledger
from services.gateway.care.choices import Choices
from services.gateway.care.ledger import Entry, Page
from services.gateway.care.serving import served
from services.gateway.care.units import BREAK, STRETCH, Day, Kind, Limits, beyond, looked, lowest, suggestion

NOON = datetime(2026, 11, 2, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _house() -> None:
    house.use(house.House(b"k" * 32))


def after(*looks: tuple[str, str, Kind], each: timedelta = timedelta(seconds=30)) -> Day:
    day, now = Day(), NOON
    for case, category, kind in looks:
        day, now = looked(day, case, category, kind, now), now + each
    return day


def test_a_reload_is_no_second_look_but_each_unblurring_is() -> None:
    once = after(("a", "reupload", Kind.BLURRED))
    assert after(*[("a", "reupload", Kind.BLURRED)] * 3).units == once.units == 0.8
    assert after(*[("a", "reupload", Kind.FULL)] * 2).units == pytest.approx(2 * 0.8 * 8)
    assert (
        after(("a", "reupload", Kind.BLURRED), ("b", "other", Kind.OPENED), ("a", "reupload", Kind.BLURRED)).cases == 3
    )


def test_after_a_run_of_severe_cases_milder_ones_are_wanted() -> None:
    severe = [(name, "known_content", Kind.BLURRED) for name in "abc"]
    wanted = served(after(*severe), Choices(out=["threatened"]), Limits(), NOON)
    assert (wanted.why, wanted.most_severity) == ("mixing", 0.6)
    assert {"threatened", "known_content"} <= wanted.better_not
    assert wanted.categories_out == {"threatened"}
    relaxed = served(after(*severe, ("d", "trade_offer", Kind.BLURRED)), Choices(), Limits(), NOON)
    assert (relaxed.why, relaxed.most_severity, relaxed.better_not) == ("", None, frozenset())
    assert beyond(1.0) == frozenset()


def test_a_full_day_ends_at_the_houses_midnight() -> None:
    house.use(house.House(b"k" * 32, timezone=ZoneInfo("Asia/Seoul")))
    over = served(after(*[("a", "minor_apparent", Kind.FULL)] * 20), Choices(), Limits(), NOON)
    assert over.why == "budget"
    assert over.rest_until == datetime(2026, 11, 2, 15, tzinfo=UTC)
    assert served(after(("a", "minor_apparent", Kind.FULL)), Choices(), Limits(), NOON).rest_until is None


def test_a_break_is_suggested_and_ends_the_stretch() -> None:
    working = after(*[(str(n), "other", Kind.OPENED) for n in range(26)], each=timedelta(minutes=2))
    assert suggestion(working, Limits(), NOON + STRETCH) == "minutes"
    heavy = after(*[("a", "minor_apparent", Kind.FULL)] * 5)
    assert suggestion(heavy, Limits(), NOON + timedelta(minutes=3)) == "units"
    assert suggestion(heavy, Limits(), NOON + timedelta(minutes=3) + BREAK) == ""
    rested = looked(heavy, "b", "other", Kind.OPENED, NOON + timedelta(minutes=3) + BREAK)
    assert rested.stretch_units == pytest.approx(0.1)


def test_a_person_lowers_and_never_raises() -> None:
    assert lowest(Limits(budget=100), None, 50).budget == 50
    assert lowest(Limits(budget=100), None, 500).budget == 100
    assert lowest(Limits(budget=100), 200, None).budget == 200
    assert lowest(Limits(budget=100), 20, 50).budget == 20


def test_a_row_tells_nothing_and_cannot_stand_in_anothers_place() -> None:
    mine, yours = Page("day", "kim", date(2026, 11, 2)), Page("day", "lee", date(2026, 11, 2))
    assert len({mine.who, yours.who, Page("day", "kim", date(2026, 11, 3)).who, Page("choices", "kim").who}) == 4
    light, heavy = Day(units=1), Day(agency="home", units=123456, looks={"full": 900}, last_case="c" * 64)
    rows = [Entry(who=mine.who, kind="day", sealed=ledger.seal(mine.who, "day", day)) for day in (light, heavy)]
    assert len({len(row.sealed or b"") for row in rows}) == 1
    assert b"full" not in (rows[1].sealed or b"")
    assert ledger.unseal(rows[1], Day) == heavy
    for who, kind in ((yours.who, "day"), (mine.who, "month")):
        with pytest.raises(ValueError, match="authentication failed"):
            ledger.unseal(Entry(who=who, kind=kind, sealed=rows[1].sealed), Day)
    house.use(house.House(b"another" * 5))
    with pytest.raises(ValueError, match="authentication failed"):
        ledger.unseal(rows[1], Day)
