"""The cases of a furnished house that have a name: what its pages and tests go to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from shared.events import AnswerKind, CustodyAction, Event, HandOverDue, Verdict
from tests.support.custody import told as custody
from tests.support.gateway import Desk
from tests.support.house_cases import BY_FORM, PLACES, Told, told
from tests.support.house_weeks import NOW, Decided, answer, back, was_sent, went

MINUTES, HOURS, DAYS = (timedelta(**{unit: 1}) for unit in ("minutes", "hours", "days"))
ANSWERED = "Thank you for your report. The page and its picture are gone."
PICTURED = ("main", "alike", "gone", "second")  # whose pictures are in the vault


async def named(desk: Desk) -> dict[str, Told]:
    """`main` waits with two that show the same picture, `late` over its time; `gone` went and is back; `form` waits to
    be handed in; `offered` and `theirs` go from agency to agency; `golden` and `doubted` are decided."""
    found = {
        "main": told(901, NOW - 40 * MINUTES, PLACES[0], 0),
        "alike": told(902, NOW - 35 * MINUTES, PLACES[1], 0, picture=901),
        "third": told(903, NOW - 31 * MINUTES, PLACES[2], 5, picture=901),
        "late": told(904, NOW - 30 * HOURS, PLACES[1], 2),
        "held": told(905, NOW - 2 * HOURS, PLACES[3], 4),
        "pending": told(906, NOW - 25 * MINUTES, PLACES[2], 3),
        "gone": told(907, NOW - 9 * DAYS, PLACES[1], 0),
        "form": told(908, NOW - 2 * DAYS, BY_FORM, 5),
        "offered": told(909, NOW - 3 * HOURS, PLACES[2], 2),
        "theirs": told(910, NOW - 5 * HOURS, PLACES[3], 4),
        "second": told(911, NOW - 3 * DAYS, PLACES[0], 0),
        "golden": told(912, NOW - 20 * DAYS, PLACES[1], 2),
        "doubted": told(913, NOW - 4 * DAYS, PLACES[0], 3),
    }
    found["copy"] = told(914, NOW - 90 * MINUTES, PLACES[2], 1, picture=907, again=found["gone"])
    for name in PICTURED:
        story = found[name]
        objects = await desk.sealed_objects(story.flagged.case_id)
        found[name] = replace(story, sealed=story.sealed.model_copy(update={"objects": objects}))
    return found


def courses(stories: Mapping[str, Told]) -> Iterator[tuple[datetime, Event | Decided]]:
    """All of it up to this morning; not in the order of time."""
    for name, story in stories.items():
        yield from story.events
        if name in ("gone", "form", "second", "golden", "doubted"):
            decided = story.drafted.drafted_at + 3 * HOURS
            yield decided, Decided(story, Verdict.REJECTED if name == "golden" else Verdict.APPROVED)
    form = stories["form"]
    yield _due(form, form.drafted.drafted_at + 4 * HOURS)
    yield from _gone(stories["gone"])


def _due(story: Told, at: datetime) -> tuple[datetime, HandOverDue]:
    return at, HandOverDue(case_id=story.flagged.case_id, notice_id=story.notices[0].notice_id, due_at=at)


def _gone(story: Told) -> Iterator[tuple[datetime, Event]]:
    """Sent, confirmed, said to be gone, proved gone; back five days later. With its chain of custody."""
    sent = story.drafted.drafted_at + 3 * HOURS + timedelta(seconds=2)
    yield sent, was_sent(story, sent)
    for hours, kind, words in ((1, AnswerKind.RECEIPT, "접수되었습니다."), (20, AnswerKind.REMOVED, ANSWERED)):
        yield sent + hours * HOURS, answer(story, sent + hours * HOURS, kind, words)
    gone = sent + 21 * HOURS
    yield from went(story, gone)
    yield back(story, gone, gone + 5 * DAYS)
    steps = (
        (CustodyAction.COLLECTED, {}),
        (CustodyAction.SEALED, {}),
        (CustodyAction.STAMPED, {"authority": "local-a"}),
    )
    for line in custody(story.flagged.case_id, *steps, objects=story.sealed.objects, start=story.sealed.sealed_at):
        yield line.at, line
