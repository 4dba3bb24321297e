"""Whether what was removed stays away: pure decisions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.removal.guarding import Again, Back, Guard, Over, Sight, keep_guard, sight
from services.notifier.removal.watching import Rhythm
from shared.events.values import Probe, ProbeOutcome

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
RHYTHM = Rhythm((3.0, 5.0, 8.0), confirm_after=2.0, guard_s=100.0)


def at(seconds):
    return NOW + timedelta(seconds=seconds)


def guard(back_at=None, removed_at=-50, awaited=4, step=2):
    return Guard(awaited, step, at(removed_at), None if back_at is None else at(back_at))


@pytest.mark.parametrize(
    ("before", "seen", "expected"),
    [
        (guard(), Sight.AWAY, Again(guard(awaited=5, step=3), at(8))),
        (guard(), Sight.NOTHING, Again(guard(awaited=5, step=3), at(8))),
        (guard(removed_at=-100), Sight.AWAY, Over()),
        (guard(removed_at=-100), Sight.NOTHING, Over()),
        # seen again: confirmed soon, whatever the schedule says
        (guard(), Sight.BACK, Again(guard(back_at=0, awaited=5), at(2))),
        (guard(removed_at=-100), Sight.BACK, Again(guard(back_at=0, removed_at=-100, awaited=5), at(2))),
        (guard(back_at=-1), Sight.BACK, Again(guard(back_at=-1, awaited=5), at(1))),
        (guard(back_at=-2), Sight.BACK, Back(at(-2))),
        (guard(back_at=9_999), Sight.BACK, Again(guard(back_at=0, awaited=5), at(2))),  # a clock was set back
        # a wall in between says nothing; a page without the content does
        (guard(back_at=-2), Sight.NOTHING, Again(guard(back_at=-2, awaited=5, step=3), at(8))),
        (guard(back_at=-2), Sight.AWAY, Again(guard(awaited=5, step=3), at(8))),
        (guard(back_at=-2, removed_at=-100), Sight.AWAY, Over()),
        (guard(back_at=-50, removed_at=-150), Sight.NOTHING, Again(guard(-50, -150, awaited=5, step=3), at(8))),
        (guard(back_at=-100, removed_at=-150), Sight.NOTHING, Over()),
    ],
)
def test_what_a_check_after_the_removal_leads_to(before, seen, expected):
    assert keep_guard(before, seen, NOW, NOW, RHYTHM) == expected


@given(st.lists(st.tuples(st.sampled_from(Sight), st.floats(0.5, 30)), max_size=30))
def test_one_sight_is_never_enough(steps):
    state, now, row = guard(), NOW, []
    for seen, wait in steps:
        now += timedelta(seconds=wait)
        row = [*row, now] if seen is Sight.BACK else row if seen is Sight.NOTHING else []
        match keep_guard(state, seen, now, now, RHYTHM):
            case Again(following, due_at):
                assert due_at >= now
                assert following.awaited == state.awaited + 1
                state = following
            case Back(seen_at):
                assert seen_at == row[0]
                assert now - row[0] >= timedelta(seconds=RHYTHM.confirm_after)
                return
            case Over():
                return


def probe(outcome, by_itself=None):
    return Probe(
        url="http://board.test/1", vantage="honest", status=200, outcome=outcome, why="why", by_itself=by_itself
    )


@pytest.mark.parametrize(
    ("outcome", "probes", "seen"),
    [
        (ProbeOutcome.GONE, (probe(ProbeOutcome.GONE),), Sight.AWAY),
        (ProbeOutcome.REPLACED, (probe(ProbeOutcome.REPLACED),), Sight.AWAY),
        (ProbeOutcome.WALLED, (probe(ProbeOutcome.WALLED), probe(ProbeOutcome.GONE)), Sight.NOTHING),
        (ProbeOutcome.UNREACHABLE, (), Sight.NOTHING),
        (ProbeOutcome.PRESENT, (probe(ProbeOutcome.PRESENT), probe(ProbeOutcome.GONE)), Sight.BACK),
        # hidden from one visitor, shown to another
        (
            ProbeOutcome.SOFT_404,
            (probe(ProbeOutcome.SOFT_404, ProbeOutcome.GONE), probe(ProbeOutcome.SOFT_404, ProbeOutcome.PRESENT)),
            Sight.BACK,
        ),
        (ProbeOutcome.SOFT_404, (probe(ProbeOutcome.SOFT_404),), Sight.AWAY),
    ],
)
def test_what_a_check_saw(outcome, probes, seen):
    assert sight(outcome, probes) is seen
