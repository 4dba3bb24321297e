"""What happens next, when and why; and that every approved notice has an end or a next step, whatever happens."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from haetae.notices_next import SENTENCES, sentence
from services.notifier.ladder.decide import Release, decide
from services.notifier.ladder.ends import open_ends
from services.notifier.ladder.facts import Asked, Heard, Watching
from services.notifier.ladder.log import MAX_LINES, lines
from services.notifier.ladder.plan import plan, wake_at
from services.notifier.store import HANDING, PLANNED, SENDING, WAITING, WITHDRAWN
from shared.events import AnswerKind
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
    reminder,
    sent,
)

SITE = entry("site", clock=TWO_DAYS)
HOST = entry("host", rung=1, after_hours=24, clock=WITHOUT_DELAY)


def told(case, hours):
    return [(step.what, step.why, step.at) for step in plan(decide(case, at(hours))[1], at(hours))]


def test_a_ladder_before_its_first_mail():
    case = facts(SITE, reminder(SITE), HOST, watching=Watching())
    assert told(case, 0) == [
        ("send", "approved", T0),
        ("escalate", "due", at(24)),
        ("remind", "unanswered", at(24)),
    ]


def test_a_sent_notice_has_its_clock_its_reminder_and_the_next_rung():
    site = sent(SITE, 1)
    case = facts(site, reminder(site), HOST, watching=Watching(awaited_at=at(2)))
    assert told(case, 1) == [
        ("check", "watching", at(2)),
        ("escalate", "due", at(25)),
        ("remind", "unanswered", at(25)),
        ("clock", "hours", at(49)),
    ]
    (clock,) = [step for step in plan(case, at(1)) if step.what == "clock"]
    assert (clock.proven, clock.values) == (False, {"law": "US_TIDA", "hours": "48"})
    assert wake_at(case, plan(case, at(1)), at(1)) == at(25)


def test_what_a_person_has_to_look_at():
    site = answered(answered(sent(SITE, received=2), AnswerKind.QUESTION, 3), AnswerKind.QUESTION, 4)
    form = handing(entry("form"), 0)
    case = facts(site, bounced(entry("gone"), 1), form, heard=(Heard(AnswerKind.UNCLEAR, at(5), "", None),))
    alarms = [step for step in told(case, 60) if step[0] == "alarm"]
    assert alarms == [
        ("alarm", "bounced", at(1)),
        ("alarm", "question", at(3)),
        ("alarm", "unclear", at(5)),
        ("alarm", "hand_over_late", at(24)),
        ("alarm", "expired", at(50)),
    ]


def test_a_round_that_was_asked_for_waits_for_approval_until_it_is_decided():
    waiting = Asked(1, "reappeared", at(5))
    case = facts(sent(SITE), asked=(waiting,))
    assert ("approve", "reappeared", at(5)) in told(case, 6)
    for decided in (
        replace(case, asked=(replace(waiting, declined=True),)),
        replace(case, entries=(replace(SITE, round=1),)),
    ):
        assert ("approve", "reappeared", at(5)) not in told(decided, 6)


def test_after_a_removal_only_the_checks_are_left():
    case = facts(sent(SITE), bounced(entry("gone")), HOST, watching=Watching(removed=True, awaited_at=at(30)))
    assert told(case, 20) == [("check", "removed", at(30))]


def test_a_ladder_at_its_end_says_so():
    gone = facts(bounced(SITE, 1), watching=Watching())
    assert told(gone, 1) == [("alarm", "bounced", at(1)), ("alarm", "exhausted", at(1))]


def test_the_log_for_a_regulator_marks_what_is_proven():
    site = answered(sent(SITE, 1, received=2), AnswerKind.RECEIPT, 2, ticket="77")
    other = sent(entry("other", clock=TWO_DAYS), 1)
    found = [(line.what, line.at, line.detail) for line in lines(facts(site, other), at(60))]
    assert ("received", at(2), "proof=proven") in found
    assert ("answered", at(2), "kind=receipt; ticket=77") in found
    assert ("expired", at(50), "law=US_TIDA; hours=48; proof=proven") in found
    assert ("expired", at(49), "law=US_TIDA; hours=48; proof=presumed") in found
    assert found == sorted(found, key=lambda line: line[1])


def test_a_flood_of_answers_pushes_nothing_out_of_the_log_that_proves_something():
    site = sent(SITE, 1, received=2)
    for number in range(300):
        site = answered(site, AnswerKind.AUTO_REPLY, 3 + number / 100)
    site = answered(site, AnswerKind.REFUSED, 20)
    found = lines(facts(site), at(60))
    assert len(found) == MAX_LINES
    assert [line.what for line in found[:3]] == ["approved", "sent", "received"]
    assert ("answered", "kind=refused") in [(line.what, line.detail) for line in found]


def test_what_is_due_while_a_check_is_out_waits_for_its_answer_and_not_for_ever():
    site = sent(SITE)
    case = facts(site, reminder(site), HOST, watching=Watching(awaited_at=at(24)))
    planned = [("remind", "unanswered", at(24.5)), ("escalate", "due", at(24.5))]
    assert {*planned} <= {*told(case, 24)}
    assert wake_at(case, plan(case, at(24)), at(24)) == at(24.5)
    assert decide(case, at(24.4))[0] == []
    assert {type(one) for one in decide(case, at(24.5))[0]} == {Release}
    proven_once = replace(case, watching=Watching(awaited_at=at(24.2), confirming=True))
    assert decide(proven_once, at(24))[0] == []


def test_a_notice_that_nothing_moves_any_more_is_found():
    lost = replace(SITE, state="lost")
    assert open_ends(facts(sent(HOST), lost), T0) == (lost.notice_id,)


KINDS = st.sampled_from(list(AnswerKind))
CLOCKS = st.sampled_from([None, TWO_DAYS, WITHOUT_DELAY])
HOURS = st.integers(0, 200)


@st.composite
def notices(draw):
    """A notice of any rung, wherever it may be."""
    name, rung = draw(st.sampled_from("abc")), draw(st.integers(0, 2))
    one = entry(name, rung=rung, after_hours=draw(HOURS), clock=draw(CLOCKS), round=draw(st.integers(0, 1)))
    one = replace(one, notice_id=draw(st.uuids(version=4)))
    match draw(st.sampled_from(["sent", "bounced", HANDING, PLANNED, WAITING, SENDING, WITHDRAWN])):
        case "sent":
            one = sent(one, draw(HOURS), draw(st.none() | HOURS))
            for kind in draw(st.lists(KINDS, max_size=3)):
                one = answered(one, kind, draw(HOURS))
            return one
        case "bounced":
            return bounced(one, draw(HOURS))
        case state:
            return replace(one, state=state)


@st.composite
def cases(draw):
    found = draw(st.lists(notices(), min_size=1, max_size=5))
    reminded = draw(st.lists(st.sampled_from(found), max_size=2, unique_by=id))
    found += [replace(reminder(one), notice_id=draw(st.uuids(version=4))) for one in reminded]
    watching = Watching(draw(st.booleans()), draw(st.none() | st.just(at(1))))
    return facts(*found, watching=watching, settled_at=draw(st.none() | st.just(at(50))))


@settings(max_examples=80)
@given(cases(), st.lists(HOURS, min_size=1, max_size=4))
def test_no_notice_is_forgotten_and_no_decision_is_taken_twice(case, hours):
    for hour in hours:  # in any order: the clock may be set back
        _, case = decide(case, at(hour))
        assert decide(case, at(hour))[0] == []
        assert open_ends(case, at(hour)) == ()


@settings(max_examples=50)
@given(cases(), st.randoms())
def test_the_order_of_rows_does_not_matter(case, random):
    mixed = list(case.entries)
    random.shuffle(mixed)
    other = replace(case, entries=tuple(mixed))
    key = str
    assert sorted(decide(case, at(100))[0], key=key) == sorted(decide(other, at(100))[0], key=key)


@settings(max_examples=50)
@given(cases())
def test_time_alone_brings_a_case_to_the_same_end_in_small_steps_and_in_one(case):
    """A timer that did not run for a week, and one that looked whenever it was told to. What is with the sender ends by
    what he tells, not by time."""
    case = replace(case, entries=tuple(one for one in case.entries if one.state != SENDING))
    stepped, now = case, at(0)
    while now < at(900):
        _, stepped = decide(stepped, now)
        now = wake_at(stepped, plan(stepped, now), now) or at(900)
    _, stepped = decide(stepped, at(900))
    _, jumped = decide(case, at(900))
    assert {one.notice_id: one.state for one in stepped.entries} == {one.notice_id: one.state for one in jumped.entries}


@settings(max_examples=60)
@given(cases(), HOURS)
def test_every_step_has_a_sentence(case, hours):
    for step in plan(decide(case, at(hours))[1], at(hours)):
        assert (step.what, step.why) in SENTENCES
        assert "{" not in sentence(step)
