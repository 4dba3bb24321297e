"""What state a case is in, and what is alarming about it. Pure: derived from what is known, never from an order.

    found ─▶ flagged ─▶ sealed ─▶ drafted ─▶ approved ─▶ sent ─▶ removed
                                     │                     ▲        │
                                     └─────▶ rejected      └────────┘ the content is back

Topics overtake one another, so every event only adds its fact; the state follows from the facts that are there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.events import Verdict
from shared.events.values import ProbeOutcome


class State(StrEnum):
    FOUND = "found"
    FLAGGED = "flagged"
    SEALED = "sealed"
    DRAFTED = "drafted"  # awaits review
    DECIDING = "deciding"  # a verdict that can still be taken back
    APPROVED = "approved"
    REJECTED = "rejected"
    SENT = "sent"
    REMOVED = "removed"


class NoticeState(StrEnum):
    DRAFTED = "drafted"
    APPROVED = "approved"
    HANDING = "handing"  # a person has to hand it in by a form
    SENT = "sent"
    BOUNCED = "bounced"
    WITHDRAWN = "withdrawn"


class Alarm(StrEnum):
    """What a person must know of, the most urgent first."""

    COUNTER_NOTICE = "counter-notice"
    QUESTION = "question"
    REAPPEARED = "reappeared"
    BOUNCED = "bounced"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    HAND_OVER_LATE = "hand-over-late"
    EXPIRED = "expired"  # a statutory clock
    UNANSWERED = "unanswered"  # our own patience
    EXHAUSTED = "exhausted"  # nothing further happens by itself
    ATTENTION = "attention"  # the notifier tells of something that we have no word for
    NO_RECIPIENT = "no-recipient"
    EVIDENCE_FAILED = "evidence-failed"
    WITHDRAWN = "withdrawn"  # nobody asks for it any more who reported it
    PRETENDED_REMOVAL = "pretended-removal"
    REPLACED = "replaced"  # something else is shown: no status proves the removal, so a person judges
    NOT_DECIDED = "not-decided"  # a verdict was not given: the case changed before its undo window ended
    STALLED = "stalled"  # see `stalled.py`: by the clock, not by a fact


@dataclass(frozen=True)
class Facts:
    """When each stage was reached, as far as it is known. `verdict` belongs to `decided_at`.

    `removed_at`: the first proof that the content is gone; `verified_at`: the newest; `reappeared_at`: last seen again.
    """

    found_at: datetime | None = None
    flagged_at: datetime | None = None
    sealed_at: datetime | None = None
    failed_at: datetime | None = None  # the evidence could not be preserved
    drafted_at: datetime | None = None
    decided_at: datetime | None = None
    verdict: Verdict | None = None
    sent_at: datetime | None = None
    removed_at: datetime | None = None
    verified_at: datetime | None = None
    reappeared_at: datetime | None = None
    deciding_until: datetime | None = None  # when the undo window of a verdict ends

    @property
    def back(self) -> bool:
        """The content is there again, and no later check has proved it gone."""
        gone = self.verified_at or self.removed_at
        return self.reappeared_at is not None and (gone is None or self.reappeared_at > gone)


def state_of(facts: Facts) -> State:
    """The furthest stage. A draft awaits review only once the page and its evidence are known too: nobody should
    approve what cannot be looked at yet."""
    evidence = facts.sealed_at or facts.failed_at
    reached = (
        (State.REMOVED, facts.removed_at and not facts.back),
        (State.REJECTED, facts.verdict is Verdict.REJECTED),
        (State.SENT, facts.sent_at),
        (State.APPROVED, facts.verdict is Verdict.APPROVED),
        (State.DECIDING, facts.drafted_at and facts.found_at and evidence and facts.deciding_until),
        (State.DRAFTED, facts.drafted_at and facts.found_at and evidence),
        (State.SEALED, facts.sealed_at),
        (State.FLAGGED, facts.flagged_at or facts.failed_at),
    )
    return next((state for state, there in reached if there), State.FOUND)


@dataclass(frozen=True)
class Stage:
    """A reached stage, and the seconds since the one before it (None for the first)."""

    state: State
    at: datetime
    seconds: float | None


def timeline(facts: Facts) -> list[Stage]:
    """The reached stages in the order of the loop."""
    decided = State.REJECTED if facts.verdict is Verdict.REJECTED else State.APPROVED
    moments = (
        (State.FOUND, facts.found_at),
        (State.FLAGGED, facts.flagged_at),
        (State.SEALED, facts.sealed_at),
        (State.DRAFTED, facts.drafted_at),
        (decided, facts.decided_at),
        (State.SENT, facts.sent_at),
        (State.REMOVED, facts.removed_at),
    )
    stages: list[Stage] = []
    for state, at in moments:
        if at:
            before = stages[-1].at if stages else None
            stages.append(Stage(state, at, (at - before).total_seconds() if before else None))
    return stages


def notice_state(
    approved: bool, sent: bool, bounced: bool, withdrawn: bool = False, handing: bool = False
) -> NoticeState:
    """A bounce that a later attempt made good is no bounce."""
    reached = (
        (NoticeState.SENT, sent),
        (NoticeState.BOUNCED, bounced),
        (NoticeState.WITHDRAWN, withdrawn),
        (NoticeState.HANDING, handing),
        (NoticeState.APPROVED, approved),
    )
    return next((state for state, there in reached if there), NoticeState.DRAFTED)


def alarm_of(
    facts: Facts, notices: Iterable[NoticeState], outcome: ProbeOutcome | None, told: Iterable[Alarm] = ()
) -> Alarm | None:
    """The most urgent alarm of a case that is still open; a closed case has none. `told`: what notices and plan raise
    and nobody has seen to."""
    if state_of(facts) in (State.REMOVED, State.REJECTED):
        return None
    true = {
        Alarm.NO_RECIPIENT: facts.drafted_at and not list(notices),
        Alarm.EVIDENCE_FAILED: facts.failed_at and not facts.sealed_at,
        Alarm.PRETENDED_REMOVAL: outcome is ProbeOutcome.SOFT_404,
        Alarm.REPLACED: outcome is ProbeOutcome.REPLACED,
        **dict.fromkeys(told, True),
    }
    return next((alarm for alarm in Alarm if true.get(alarm)), None)
