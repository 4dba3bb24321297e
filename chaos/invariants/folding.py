"""State and events agree."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from chaos.invariants.seen import Seen
from services.gateway.app import TOLD_OF
from services.gateway.domain import state_of
from services.gateway.handlers import printable
from services.gateway.notices.rows import CaseNotice, Held
from services.gateway.projections import apply
from services.gateway.store import Case
from services.gateway.verdict import Decider, write
from shared.events import Event, ReviewDecided

# What the gateway alone knows (an undo window that runs) is no fact of an event; the moment of a draft depends on
# whether it came before the verdict, of which another topic tells.
OF_CASE = (
    "verdict", "flagged_at", "sealed_at", "failed_at", "sent_at", "removed_at", "verified_at", "reappeared_at",
    "first_gone_at", "manifest_sha256",
)  # fmt: skip
OF_NOTICE = ("sent_at", "message_id", "bounced_at", "withdrawn_at", "hand_over_at")


async def state_is_fold(seen: Seen) -> list[str]:
    """What the gateway shows of a case is the fold of the topics' records for it: nothing was left out, or added."""
    told: dict[UUID, list[Event]] = defaultdict(list)
    for envelope in (await seen.log()).events:
        if isinstance(envelope.event, TOLD_OF):
            told[envelope.event.case_id].append(envelope.event)
    decided: dict[UUID, list[ReviewDecided]] = defaultdict(list)
    for event in await seen.decisions():
        decided[event.case_id].append(event)
    notices: dict[UUID, dict[UUID, CaseNotice]] = defaultdict(dict)
    async with seen.gateway.transaction() as tx:
        for row in await tx.scalars(sa.select(CaseNotice)):
            notices[row.case_id][row.notice_id] = row
        cases = {case.case_id: case for case in await tx.scalars(sa.select(Case))}
        said = [f"case {case} is in the topics and not in the gateway" for case in sorted(told.keys() - cases.keys())]
        for case_id, case in cases.items():
            fold = folded(case_id, told[case_id], decided[case_id])
            fold.case.deciding_until = case.deciding_until
            said += [f"case {case_id}: {what}" for what in differences(Held(case, notices[case_id]), fold)]
    return said


def folded(case_id: UUID, events: Sequence[Event], decided: Sequence[ReviewDecided]) -> Held:
    """From nothing; verdicts last: an event adds its facts in whatever order it comes."""
    held = Held(Case(case_id=case_id, state=""))
    for event in events:
        apply(held, printable(event))  # type: ignore[arg-type]  # of TOLD_OF
    for event in decided:
        target = held.round(event.round) if event.round else held.case
        write(target, event.verdict, event.note, Decider(event.reviewer, event.scripted), event.decided_at)
    return held


def differences(kept: Held, fold: Held) -> Iterator[str]:
    state = state_of(fold.case.facts).value
    if kept.case.state != state:
        yield f"it is {kept.case.state!r} in the gateway and {state!r} by its events"
    yield from _of(kept.case, fold.case, OF_CASE, "its")
    for notice_id in fold.notices.keys() - kept.notices.keys():
        yield f"notice {notice_id} is in the topics and not in the gateway"
    for notice_id, row in kept.notices.items():
        if notice_id in fold.notices:
            yield from _of(row, fold.notices[notice_id], OF_NOTICE, f"notice {notice_id}:")
        else:
            yield f"notice {notice_id} is in the gateway and not in the topics"


def _of(kept: Any, fold: Any, names: Sequence[str], whose: str) -> Iterator[str]:  # noqa: ANN401  # rows of a table
    for name in names:
        here, there = getattr(kept, name), getattr(fold, name)
        if here != there:
            yield f"{whose} {name} is {here} in the gateway and {there} by its events"
