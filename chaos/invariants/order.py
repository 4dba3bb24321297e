"""The order in which things are told of a case."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from uuid import UUID

from chaos.invariants.logged import Log
from chaos.invariants.seen import Seen
from services.gateway.domain import State
from shared.events import (
    CaseChanged,
    CheckRequested,
    ContentChecked,
    ContentFlagged,
    CustodyNoted,
    EvidenceFailed,
    EvidenceSealed,
    FollowUpAsked,
    NoticeDrafted,
    NoticeSent,
    RemovalVerified,
    ReviewDecided,
)

# A case goes on in this order: its state is the furthest that its facts allow.
COURSE = (
    State.FOUND, State.FLAGGED, State.SEALED, State.DRAFTED, State.DECIDING, State.APPROVED, State.SENT,
    State.REJECTED, State.REMOVED,
)  # fmt: skip


async def in_order(seen: Seen) -> list[str]:
    """The events of each case come in a legal order: counted without a gap, decided once, nothing without its cause."""
    log = await seen.log()
    decided = await seen.decisions()
    return [*_counted(log), *_states(log), *_twice(decided), *_causeless(log, decided)]


def _counted(log: Log) -> Iterator[str]:
    """Lines of custody and checks of removals count from 1."""
    lines, checks = defaultdict(list), defaultdict(list)
    for noted in log.of(CustodyNoted):
        lines[noted.case_id].append(noted.seq)
    for request in log.of(CheckRequested):
        checks[request.case_id].append(request.number)
    for what, numbers in (("lines of custody", lines), ("checks", checks)):
        for case, told in numbers.items():
            wrong = next((number for place, number in enumerate(told, start=1) if number != place), None)
            if wrong is not None:
                yield f"case {case}: its {what} were told as {_short(told)}"


def _short(told: Sequence[int]) -> str:
    return ", ".join(map(str, told[:12])) + (", …" if len(told) > 12 else "")


def _states(log: Log) -> Iterator[str]:
    """A case falls back only when its content is there again, or a verdict was taken back in time."""
    told: dict[UUID, list[State]] = defaultdict(list)
    for event in log.of(CaseChanged):
        told[event.case_id].append(State(event.state))
    for case, states in told.items():
        for before, after in pairwise(states):
            back = COURSE.index(after) <= COURSE.index(before)
            if back and before is not State.REMOVED and (before, after) != (State.DECIDING, State.DRAFTED):
                yield f"case {case} was told to be {after} after it had been {before}"


def _twice(decided: Sequence[ReviewDecided]) -> Iterator[str]:
    rounds: set[tuple[UUID, int]] = set()
    for event in decided:
        if (event.case_id, event.round) in rounds:
            yield f"case {event.case_id}: round {event.round} was decided twice"
        rounds.add((event.case_id, event.round))


def _causeless(log: Log, decided: Sequence[ReviewDecided]) -> Iterator[str]:
    flagged = {event.case_id for event in log.of(ContentFlagged)}
    preserved = {event.case_id for event in log.of(EvidenceSealed)} | {
        event.case_id for event in log.of(EvidenceFailed)
    }
    asked = {(event.case_id, event.round) for event in log.of(FollowUpAsked)}
    drafted = {notice.notice_id for event in log.of(NoticeDrafted) for notice in event.notices}
    approved = {notice.notice_id: event.case_id for event in decided for notice in event.approved}
    requested = {event.check_id for event in log.of(CheckRequested)}
    checked = {event.case_id for event in log.of(ContentChecked)}
    for case in sorted(preserved - flagged):
        yield f"case {case} was preserved and never flagged"
    for draft in log.of(NoticeDrafted):
        if (draft.case_id, draft.round) not in asked and (draft.round or draft.case_id not in preserved):
            yield f"case {draft.case_id}: round {draft.round} was drafted and nothing led to it"
    for notice, case in approved.items():
        if notice not in drafted:
            yield f"case {case}: notice {notice} was approved and never drafted"
    for sent in log.of(NoticeSent):
        if approved.get(sent.notice_id) != sent.case_id:
            yield f"case {sent.case_id}: notice {sent.notice_id} was sent and never approved"
    for check in log.of(ContentChecked):
        if check.check_id not in requested:
            yield f"case {check.case_id}: check {check.number} was made and never asked for"
    for removed in log.of(RemovalVerified):
        if removed.case_id not in checked:
            yield f"case {removed.case_id} was told to be removed and never checked"
