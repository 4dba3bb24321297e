"""The summary of a run sees what went wrong, and only that."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haetae.client import STAGES, Case
from haetae.summary import PRETENDED, Mailbox, TruthPost, finished, names, percentile, summarise

T0 = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
URL, OTHER = "http://a.en.test/post/1", "http://a.en.test/post/2"


def case(url: str, reached: int = len(STAGES), alarm: str | None = None, state: str = "removed") -> Case:
    times = {stage: T0 + timedelta(seconds=2 * index) for index, stage in enumerate(STAGES[:reached])}
    return Case("1", url, "a.en.test", state, 0.9, "known_content", alarm, None, times)


def post(url: str, honest: bool = True, status: str = "removed") -> TruthPost:
    return TruthPost(url, "picture", "at_once", honest, status)


def mailbox(*urls: str) -> Mailbox:
    return Mailbox("abuse@a.en.test", ("1",), tuple(f"Please remove\n{url}\nThank you." for url in urls), 0)


def test_a_good_run_has_no_failures():
    summary = summarise([post(URL)], [case(URL)], [mailbox(URL)])
    assert summary.failures == []
    assert finished(summary)
    assert summary.median_s == 6.0
    assert summary.stage_medians["sealed"] == 2.0


def test_a_page_may_be_named_to_its_site_and_to_its_host_and_removed_by_either():
    """A site that refused is honest in nothing; its host took the page down all the same."""
    hosts = Mailbox("abuse@host.test", ("2",), (f"Please remove\n{URL}",), 0)
    summary = summarise([post(URL, honest=False, status="removed")], [case(URL)], [mailbox(URL), hosts])
    assert (summary.sent, summary.failures) == (2, [])


@pytest.mark.parametrize(
    ("truth", "cases", "boxes", "sentence"),
    [
        ([post(URL), post(OTHER)], [case(URL)], [mailbox(URL)], f"not found: {OTHER}"),
        ([post(URL)], [case(URL), case(OTHER)], [mailbox(URL, OTHER)], f"wrongly flagged: {OTHER}"),
        ([post(URL)], [case(URL)], [], f"approved but not in the mailbox: {URL}"),
        ([post(URL)], [case(URL)], [mailbox(URL, URL)], f"in the mailbox more than once: {URL}"),
        ([post(URL)], [case(URL, reached=6, state="sent")], [mailbox(URL)], f"removed but not verified: {URL}"),
        ([post(URL, honest=False, status="pretended")], [case(URL)], [mailbox(URL)], "taken for a removal"),
        ([post(URL, status="up")], [case(URL)], [mailbox(URL)], "taken for a removal"),
        ([post(URL)], [case(URL, alarm="bounced")], [mailbox(URL)], "alarm"),
        ([post(URL)], [case(URL, reached=6, alarm=PRETENDED, state="sent")], [mailbox(URL)], f"alarm: {URL}"),
        ([post(URL)], [case(URL, reached=5, state="rejected")], [mailbox(URL)], f"without an approval: {URL}"),
        ([post(URL)], [case(URL, reached=4, state="drafted")], [mailbox(URL)], f"without an approval: {URL}"),
    ],
)
def test_each_failure_is_named(truth, cases, boxes, sentence):
    assert any(sentence in failure for failure in summarise(truth, cases, boxes).failures)


def test_a_room_that_nobody_was_warned_of_is_waited_for_and_named():
    warned, silent = (summarise([post(URL)], [case(URL)], [mailbox(URL)], {"!a"}, heard) for heard in ({"!a"}, set()))
    assert finished(warned)
    assert (warned.warned, warned.failures) == (1, [])
    assert not finished(silent)
    assert silent.failures == ["no alert about: !a"]


def test_what_the_official_rejected_is_neither_sent_nor_awaited():
    summary = summarise([post(URL)], [case(URL, reached=5, state="rejected")], [])
    assert summary.failures == []
    assert finished(summary)


def test_a_pretence_that_was_noticed_is_no_failure():
    noticed = case(URL, reached=6, alarm=PRETENDED, state="sent")
    summary = summarise([post(URL, honest=False, status="pretended")], [noticed], [mailbox(URL)])
    assert (summary.failures, summary.pretences_noticed) == ([], 1)


def test_an_operator_who_lets_its_time_run_out_is_a_persons_business_and_no_failure():
    late = case(URL, reached=6, alarm="expired", state="sent")
    summary = summarise([post(URL, honest=False, status="refused")], [late], [mailbox(URL)])
    assert (summary.failures, summary.stubborn_noticed) == ([], 1)
    assert summarise([post(URL)], [late], [mailbox(URL)]).failures != []


def test_a_reminder_and_a_mail_to_the_company_behind_are_counted_and_no_doubles():
    site = Mailbox("abuse@a.en.test", ("1", "2"), (f"Please remove\n{URL}", f"We wrote to you about\n{URL}"), 0)
    company = Mailbox("abuse@host.test", ("3",), (f"Please act\n{URL}",), 0)
    summary = summarise([post(URL)], [case(URL)], [site, company])
    assert (summary.sent, summary.reminders, summary.escalated, summary.sent_twice) == (3, 1, 1, ())
    doubled = Mailbox(site.address, ("1", "4"), (site.bodies[0], site.bodies[0]), 0)
    assert summarise([post(URL)], [case(URL)], [doubled]).sent_twice == (URL,)


def test_a_run_is_not_finished_while_something_is_open():
    assert not finished(summarise([post(URL), post(OTHER)], [case(URL)], [mailbox(URL)]))
    assert not finished(summarise([post(URL)], [case(URL, reached=4, state="drafted")], []))
    assert not finished(summarise([], [], []))


def test_a_longer_address_is_not_the_same_address():
    assert names(f"see {URL}.", URL)
    assert not names(f"see {URL}0", URL)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(1, 100))
def test_a_percentile_is_one_of_the_values_and_covers_its_share(values, percent):
    ordered = sorted(values)
    found = percentile(ordered, percent)
    assert found in ordered
    assert sum(value <= found for value in ordered) >= len(ordered) * percent / 100 - 1e-9
