"""What is to be done about a case: the next rung, reminders, withdrawals, the regulator."""

from dataclasses import replace

import pytest

from services.notifier.ladder.decide import AskRegulator, Release, Withdraw, decide
from services.notifier.ladder.facts import Asked, Watching
from services.notifier.store import SENDING, SENT, WAITING, WITHDRAWN
from shared.events import AnswerKind
from shared.events.values import NoticeClock
from tests.support.ladder import (
    T0,
    TWO_DAYS,
    WITHOUT_DELAY,
    answered,
    at,
    bounced,
    entry,
    facts,
    handing,
    named,
    reminder,
    sent,
)

SITE = entry("site", clock=TWO_DAYS)
HOST = entry("host", rung=1, after_hours=24)
REGISTRAR = entry("registrar", rung=2, after_hours=72)


def actions(case, hours):
    return decide(case, at(hours))[0]


def test_a_rung_waits_for_its_hours_after_the_first_notice_was_sent():
    case = facts(sent(SITE, 2), HOST, REGISTRAR)
    assert actions(case, 25.9) == []
    assert actions(case, 26) == [Release(named("host"), "due")]
    assert actions(case, 75) == [Release(named("host"), "due"), Release(named("registrar"), "due")]


def test_what_a_policy_left_to_a_person_keeps_its_place_in_the_ladder():
    left = replace(HOST, round=1000, approved_at=at(3))
    case = facts(sent(SITE, 2), left)
    assert actions(case, 25.9) == []
    assert actions(case, 26) == [Release(named("host"), "due")]


def test_nothing_is_released_while_no_notice_left_yet():
    case = facts(replace(SITE, state=SENDING, attempt=3), HOST)
    assert actions(case, 100) == []


@pytest.mark.parametrize(
    ("site", "why"),
    [
        (answered(sent(SITE), AnswerKind.REFUSED, 1), "refused"),
        (bounced(SITE, 1), "bounced"),
        (answered(sent(SITE), AnswerKind.BOUNCED, 1), "bounced"),
    ],
)
def test_the_next_rung_goes_at_once_when_every_lower_one_has_ended(site, why):
    assert actions(facts(site, HOST, REGISTRAR), 1) == [Release(named("host"), why)]


def test_one_that_is_still_open_keeps_the_next_rung_to_its_time():
    other = entry("other")
    case = facts(bounced(SITE, 1), sent(other), HOST)
    assert actions(case, 2) == []
    assert actions(case, 24) == [Release(named("host"), "due")]


def test_a_law_that_expires_before_the_rungs_time_opens_it():
    day = replace(SITE, clock=WITHOUT_DELAY)
    late = replace(HOST, after_hours=72)
    assert actions(facts(sent(day), late), 24) == [Release(named("host"), "expired")]


def test_a_ladder_without_lower_rungs_begins_at_once():
    assert actions(facts(HOST), 0) == [Release(named("host"), "due")]


def test_a_form_that_nobody_handed_in_holds_the_ladder_for_a_day_at_most():
    form = handing(entry("site"), 1)
    assert actions(facts(form, HOST), 24.9) == []
    assert actions(facts(form, HOST), 25) == [Release(named("host"), "late")]


def test_a_stopped_notice_opens_no_rung_before_its_time():
    case = facts(replace(SITE, state=WITHDRAWN), HOST)
    assert actions(case, 23) == []
    assert actions(case, 24) == [Release(named("host"), "due")]


def test_one_reminder_a_day():
    site = sent(SITE)
    case = facts(site, reminder(site))
    assert actions(case, 23) == []
    assert actions(case, 24) == [Release(reminder(site).notice_id, "unanswered")]
    soon = reminder(site, after_hours=1)
    assert actions(facts(site, soon), 23) == []


def test_two_reminders_to_one_recipient_are_a_day_apart():
    site = sent(SITE)
    first, second = reminder(site), replace(reminder(site), notice_id=named("second"))
    (one,), after = decide(facts(site, first, second), at(30))
    assert isinstance(one, Release)
    other = {first.notice_id, second.notice_id} - {one.notice_id}
    gone = [replace(each, state=SENT, sent_at=at(30)) if each.state == WAITING else each for each in after.entries]
    after = replace(after, entries=tuple(gone))
    assert [each for each in actions(after, 53) if isinstance(each, Release)] == []
    assert {each.notice_id for each in actions(after, 54) if isinstance(each, Release)} == other


def test_a_ticket_holds_the_reminder_until_the_law_s_time_is_up():
    site = answered(sent(SITE, received=0), AnswerKind.RECEIPT, 1, ticket="77")
    case = facts(site, reminder(site))
    assert actions(case, 47) == []
    assert Release(reminder(site).notice_id, "ticket") in actions(case, 48)


def test_a_ticket_where_no_law_names_a_time_makes_the_reminder_needless():
    site = answered(sent(replace(SITE, clock=None)), AnswerKind.RECEIPT, 1, ticket="77")
    assert actions(facts(site, reminder(site)), 1) == [Withdraw(reminder(site).notice_id, "answered")]


@pytest.mark.parametrize("kind", [AnswerKind.REFUSED, AnswerKind.COUNTER_NOTICE, AnswerKind.QUESTION])
def test_who_refuses_disputes_or_asks_is_not_reminded(kind):
    site = answered(sent(SITE), kind, 1)
    assert Withdraw(reminder(site).notice_id, "answered") in actions(facts(site, reminder(site)), 1)


def test_an_automatic_answer_stops_no_reminder():
    site = answered(sent(SITE, received=1), AnswerKind.AUTO_REPLY, 1)
    assert actions(facts(site, reminder(site)), 24) == [Release(reminder(site).notice_id, "unanswered")]


def test_nobody_reminds_a_mailbox_that_does_not_exist():
    site = bounced(SITE)
    assert Withdraw(reminder(site).notice_id, "bounced") in actions(facts(site, reminder(site)), 1)


def test_a_dispute_keeps_everything_else_from_its_recipient_unless_it_was_approved_knowing_of_it():
    site = answered(sent(SITE), AnswerKind.COUNTER_NOTICE, 1)
    again = replace(HOST, address=SITE.address)
    assert Withdraw(named("host"), "answered") in actions(facts(site, again), 2)
    knowing = replace(again, approved_at=at(2))
    assert actions(facts(site, knowing), 24) == [Release(named("host"), "due")]


def test_a_proven_removal_withdraws_what_was_not_sent_and_asks_nobody():
    case = facts(sent(SITE, received=0), HOST, replace(REGISTRAR, state=WAITING), watching=Watching(removed=True))
    assert actions(case, 100) == [Withdraw(named("host"), "removed"), Withdraw(named("registrar"), "removed")]


def test_what_a_removal_settled_is_not_held_against_anybody_when_the_content_comes_back():
    _, after = decide(facts(sent(SITE, received=0), watching=Watching(removed=True)), at(10))
    back = replace(after, watching=Watching(awaited_at=at(200)))
    assert actions(back, 500) == []
    again = replace(sent(SITE, 200, received=200), notice_id=named("again"), round=1, approved_at=at(199))
    case = replace(back, entries=(*back.entries, again))
    assert actions(case, 248) == [AskRegulator((named("again"),))]


def test_a_second_removal_settles_what_bounced_before_it():
    back = replace(bounced(entry("again"), 51), round=1, approved_at=at(50))
    case = facts(sent(SITE), back, watching=Watching(removed=True), settled_at=at(10))
    assert decide(case, at(60))[1].settled(back)


@pytest.mark.parametrize("one", [entry("site"), handing(entry("site"))])
def test_what_an_official_stopped_is_not_sent(one):
    assert actions(facts(replace(one, stopped_by="reviewer-7")), 1) == [Withdraw(one.notice_id, "stopped")]


def test_the_regulator_is_told_of_a_time_that_provably_ran_out():
    case = facts(sent(SITE, received=1), HOST)
    assert AskRegulator((named("site"),)) not in actions(case, 48.9)
    assert actions(case, 49) == [Release(named("host"), "due"), AskRegulator((named("site"),))]


def test_who_decides_in_time_has_done_what_a_law_that_asks_for_a_decision_wants():
    asked = replace(SITE, clock=NoticeClock(kind="answer", law="EU_DSA_16", hours=72))
    decided = answered(sent(asked, received=0), AnswerKind.REFUSED, 71)
    late = answered(sent(asked, received=0), AnswerKind.REFUSED, 73)
    host = sent(HOST, 24)  # so that the ladder is not at its end
    assert actions(facts(decided, host), 80) == []
    assert actions(facts(late, host), 80) == [AskRegulator((named("site"),))]


def test_a_presumed_receipt_moves_the_ladder_and_accuses_nobody():
    far = replace(HOST, after_hours=72)
    case = facts(sent(SITE), far)
    assert actions(case, 48) == [Release(named("host"), "expired")]


def test_a_ladder_at_its_end_goes_to_the_regulator():
    host = answered(sent(HOST, 24), AnswerKind.REFUSED, 30)
    site = answered(sent(SITE), AnswerKind.REFUSED, 20)
    assert actions(facts(site, host), 30) == [AskRegulator(tuple(sorted((named("site"), named("host")))))]


def test_where_every_mail_bounced_there_is_nobody_to_accuse():
    assert actions(facts(bounced(SITE), bounced(HOST)), 1000) == []


def test_the_regulator_gets_one_packet_at_a_time_and_nothing_twice():
    case = facts(sent(SITE, received=0), sent(replace(HOST, clock=TWO_DAYS), 24, received=24))
    pending = replace(case, asked=(Asked(1, "regulator", at(48), (named("site"),)),))
    assert actions(pending, 73) == []
    packet = replace(sent(entry("regulator"), 60), occasion="packet", round=1)
    done = replace(pending, entries=(*case.entries, packet))
    (asked,) = actions(done, 73)
    assert set(asked.about) == {named("site"), named("host")}
    told = replace(done, asked=(*done.asked, Asked(2, "regulator", at(73), asked.about, declined=True)))
    assert actions(told, 5000) == []


def test_a_packet_that_was_declined_does_not_keep_the_next_one_back():
    host = answered(sent(replace(HOST, clock=TWO_DAYS), 24, received=24), AnswerKind.RECEIPT, 25)
    declined = Asked(1, "regulator", at(48), (named("site"),), declined=True)
    case = facts(sent(SITE, received=0), host, asked=(declined,))
    assert actions(case, 71) == []
    assert actions(case, 72) == [AskRegulator(tuple(sorted((named("site"), named("host")))))]


def test_a_bounce_of_what_provably_arrived_is_not_believed():
    site = answered(sent(SITE, received=1), AnswerKind.BOUNCED, 2)
    assert actions(facts(site, HOST), 3) == []


def test_of_two_notices_one_stopped_and_one_bounced_nothing_is_to_be_waited_for():
    case = facts(replace(SITE, state=WITHDRAWN), bounced(entry("other"), 1), HOST)
    assert actions(case, 1) == [Release(named("host"), "bounced")]


def test_deciding_again_gives_nothing_more_to_do():
    case = facts(sent(SITE, received=0), reminder(SITE), HOST, REGISTRAR)
    for hours in (0, 24, 48, 72, 500):
        _, after = decide(case, at(hours))
        assert decide(after, at(hours))[0] == []
    assert decide(case, T0)[0] == []
