"""How long a case is kept: classes and rules as data."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evidence.orders.retention import SHIPPED, BadRetentionFile, Facts, Term, load
from shared.identity import case_id

SEALED = datetime(2026, 3, 1, 9, tzinfo=UTC)
CASE = case_id("http://harbour-board.en.test/post/41")
RULES = load()
ZONES = [ZoneInfo(name) for name in ("UTC", "Asia/Seoul", "America/Los_Angeles")]


def over(year, month=3, day=2):
    """When this day begins in Seoul, nine hours before it does in UTC."""
    return datetime(year, month, day, tzinfo=ZoneInfo("Asia/Seoul"))


def kept(**facts):
    return RULES.kept(Facts(CASE, SEALED, **facts))


@pytest.mark.parametrize(
    ("facts", "kept_as", "due"),
    [
        ({}, "five-years", over(2031)),
        ({"categories": ("known_content",)}, "five-years", over(2031)),
        ({"categories": ("known_content", "minor")}, "permanent", None),
        ({"chosen": "ten-years"}, "ten-years", over(2036)),
        ({"chosen": "destroy-now"}, "destroy-now", SEALED),
        ({"chosen": "destroy-now", "categories": ("minor",)}, "destroy-now", SEALED),
        ({"chosen": "of another file"}, "of another file", None),
    ],
)
def test_the_first_rule_that_fits_counts_and_an_order_before_all(facts, kept_as, due):
    found = kept(**facts)
    assert (found.kept_as, found.due_at) == (kept_as, due)
    assert found.source


def test_clocks_start_at_the_verdict_or_at_a_later_seal():
    decided = SEALED + timedelta(days=10)
    approved = kept(verdict="approved", decided_at=decided)
    assert (approved.kept_as, approved.due_at) == ("five-years", over(2031, day=12))
    rejected = kept(verdict="rejected", decided_at=decided)
    assert (rejected.kept_as, rejected.due_at) == ("rejected", over(2026, 4, 11))
    sealed_again = kept(verdict="approved", decided_at=SEALED - timedelta(days=10))
    assert sealed_again.due_at == over(2031)


def test_no_class_ends_before_it_begins_and_none_is_reviewed_as_shipped():
    for term in RULES.classes.values():
        assert (term.over_at(SEALED, RULES.timezone) or SEALED) >= SEALED
    assert not any(rule.reviewed for rule in RULES.rule)


@given(days=st.integers(0, 80_000), years=st.integers(1, 200), zone=st.sampled_from(ZONES))
def test_years_are_whole_years_of_the_calendar(days, years, zone):
    at = datetime(1990, 1, 1, 16, 59, tzinfo=UTC) + timedelta(days=days)
    ends = Term(years=years, clock="sealed").over_at(at, zone).astimezone(zone)
    begun = at.astimezone(zone).date()
    assert ends.time() == time()
    assert timedelta(days=365) * years < ends.date() - begun <= timedelta(days=366) * years + timedelta(days=1)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [  # in Seoul
        ("2023-03-01T00:30+09:00", "2028-03-02"),  # 28 February in UTC: five years later, 29 February, is too soon
        ("2023-02-28T23:30+09:00", "2028-03-01"),
        ("2024-02-28T12:00+09:00", "2029-03-01"),
        ("2024-02-29T12:00+09:00", "2029-03-01"),
        ("2026-12-31T23:59+09:00", "2032-01-01"),
    ],
)
def test_the_last_day_is_over_before_anything_goes(begins, ends):
    found = Term(years=5, clock="sealed").over_at(datetime.fromisoformat(begins).astimezone(UTC), RULES.timezone)
    assert found == datetime.fromisoformat(f"{ends}T00:00+09:00")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("years = 5", "years = 5\ndays = 1"), "give years or days, not both"),
        (("years = 5", "yaers = 5"), "classes.five-years.yaers"),
        (('class = "permanent"', 'class = "permanently"'), "a rule has class 'permanently'"),
        (('"Asia/Seoul"', '"Asia/Seol"'), "timezone"),
        (("[classes.rejected]", '[classes."Re jected"]'), "use lower-case letters"),
        (('verdicts = ["rejected"]', 'verdicts = ["maybe"]'), "rule.0.verdicts.0"),
        (
            ('class = "five-years"', 'class = "five-years"\nverdicts = ["approved"]'),
            "the last rule must fit every",
        ),
        (("[classes.permanent]", "[classes.permanent"), "start from a copy of"),
    ],
)
def test_a_wrong_file_is_refused_with_file_field_and_cure(tmp_path, change, said):
    path = tmp_path / "retention.toml"
    assert change[0] in SHIPPED.read_text()
    path.write_text(SHIPPED.read_text().replace(*change))
    with pytest.raises(BadRetentionFile) as refused:
        load(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_missing_file_is_refused():
    with pytest.raises(BadRetentionFile, match="start from a copy"):
        load(SHIPPED.with_name("nowhere.toml"))
