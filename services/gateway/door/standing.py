"""Where each address of a report stands, in the person's terms: honest about what failed, with dates. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.gateway.domain import State
from services.gateway.door.store import PageRow
from services.gateway.store import Case


class Stage(StrEnum):
    RECEIVED = "received"
    TRYING = "trying"  # could not be opened so far; tried again by itself
    FAILED = "failed"  # an official looks at it
    FOUND = "found"  # seen; evidence and notices are made, and a person decides
    APPROVED = "approved"
    SENT = "sent"
    REMOVED = "removed"
    BACK = "back"
    DECLINED = "declined"


@dataclass(frozen=True)
class Standing:
    """`reason`: why an address could not be opened, a word of `REASONS`; empty otherwise."""

    url: str
    stage: Stage
    at: datetime
    reason: str = ""


# How the crawler's problems begin, and what a person is told.
REASONS = (
    ("wall: login", "login"),
    ("wall: soft_404", "gone"),
    ("wall:", "blocked"),
    ("status 404", "gone"),
    ("status 410", "gone"),
    ("status 451", "gone"),
    ("robots", "blocked"),
    ("refused", "not_public"),
    ("private", "not_public"),
    ("no content", "not_page"),
    ("redirects", "not_page"),
)
NO_ANSWER = "no_answer"


def reason_of(problem: str) -> str:
    return next((word for begin, word in REASONS if problem.startswith(begin)), NO_ANSWER)


def standing(page: PageRow, case: Case | None) -> Standing:
    """`case`: None while the reviewers have none, or, to officials, where it is another agency's."""
    stage, at = _of_case(case) if page.reached_at and case else (None, None)
    if stage and at:
        return Standing(page.url, stage, at)
    if page.reached_at:
        return Standing(page.url, Stage.FOUND, page.reached_at)
    if page.problem is None:
        return Standing(page.url, Stage.RECEIVED, page.reported_at)
    stage = Stage.FAILED if page.final else Stage.TRYING
    return Standing(page.url, stage, page.tried_at or page.reported_at, reason_of(page.problem))


def _of_case(case: Case) -> tuple[Stage | None, datetime | None]:
    facts = case.facts
    if facts.back:
        return Stage.BACK, case.reappeared_at
    match case.state:
        case State.REMOVED:
            return Stage.REMOVED, case.removed_at
        case State.REJECTED:
            return Stage.DECLINED, case.decided_at
        case State.SENT:
            return Stage.SENT, case.sent_at
        case State.APPROVED:
            return Stage.APPROVED, case.decided_at
    return Stage.FOUND, case.flagged_at
