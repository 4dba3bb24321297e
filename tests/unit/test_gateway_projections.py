"""Whatever order the topics deliver in, the same case comes out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.cases import derive
from services.gateway.notices.rows import Held
from services.gateway.projections import apply
from services.gateway.store import Base, Case
from shared.events import (
    CaseLink,
    CasePlanned,
    ContentChecked,
    ContentFlagged,
    ContentReappeared,
    Event,
    EvidenceFailed,
    EvidenceSealed,
    HandOverDue,
    NoticeAnswered,
    NoticeBounced,
    NoticeDrafted,
    NoticeEscalated,
    NoticeSent,
    NoticeWithdrawn,
    RemovalVerified,
)
from shared.events.examples import CASE, EXAMPLES, NOTICE, T0
from shared.events.values import ProbeOutcome

LATE = T0 + timedelta(hours=1)


def changed(event: type[Event], **more: Any) -> Event:
    return EXAMPLES[event].model_copy(update=more)


SECOND = NOTICE.model_copy(update={"notice_id": UUID(int=2), "occasion": "packet", "sha256": "c" * 64})
EARLIER = CaseLink(case_id=UUID(int=7), reference="HT-7", host="a.test", by=("hash",), found_at=T0)


# Each stage once, and a second telling of those that can be told twice.
TOLD: Sequence[Event] = (
    EXAMPLES[ContentFlagged],
    changed(ContentFlagged, flagged_at=LATE),
    EXAMPLES[EvidenceFailed],
    EXAMPLES[EvidenceSealed],
    changed(EvidenceSealed, sealed_at=LATE, manifest_sha256="a" * 64),
    EXAMPLES[NoticeDrafted],
    changed(
        NoticeDrafted,
        drafted_at=LATE,
        notices=(NOTICE.model_copy(update={"body": "Other words.\n", "sha256": "b" * 64}),),
    ),
    EXAMPLES[NoticeBounced],
    EXAMPLES[NoticeSent],
    changed(NoticeSent, attempt=2, sent_at=LATE, receipt="250 again"),
    EXAMPLES[ContentChecked],
    changed(ContentChecked, number=2, outcome=ProbeOutcome.SOFT_404, checked_at=LATE),
    EXAMPLES[RemovalVerified],
    changed(RemovalVerified, verified_at=LATE),
    changed(NoticeDrafted, round=1, why="regulator", notices=(SECOND,), links=(EARLIER,)),
    changed(
        NoticeDrafted,
        round=1,
        why="reappeared",
        notices=(SECOND,),
        drafted_at=LATE,
        links=(EARLIER.model_copy(update={"by": ("favicon",), "found_at": LATE}),),
    ),
    EXAMPLES[NoticeAnswered],
    changed(NoticeAnswered, answer_id=UUID(int=9), notice_id=None, ticket="5"),
    EXAMPLES[NoticeEscalated],
    changed(NoticeEscalated, notices=(SECOND.notice_id,), why="refused", escalated_at=LATE),
    EXAMPLES[NoticeWithdrawn],
    changed(NoticeWithdrawn, notice_id=SECOND.notice_id, why="stopped", withdrawn_at=LATE),
    EXAMPLES[CasePlanned],
    changed(CasePlanned, revision=4, steps=()),
    EXAMPLES[HandOverDue],
    changed(HandOverDue, due_at=LATE, why="no entitlement"),
    EXAMPLES[ContentReappeared],
    changed(ContentReappeared, seen_at=LATE + timedelta(days=9)),
)


def told(events: Sequence[Event]) -> dict[str, Any]:
    """The rows that these events make, in this order."""
    held = Held(Case(case_id=CASE))
    for event in events:
        apply(held, event)
        derive(held)
    kinds = {"notices": held.notices, "rounds": held.rounds, "answers": held.answers}
    return {"case": row(held.case)} | {
        kind: {key: row(entity) for key, entity in rows.items()}  # type: ignore[attr-defined]  # by its name
        for kind, rows in kinds.items()
    }


def row(entity: Base) -> dict[str, Any]:
    return {column.name: getattr(entity, column.name) for column in entity.__table__.columns}


@given(st.permutations(TOLD))
def test_any_interleaving_gives_the_same_rows(events: Sequence[Event]) -> None:
    assert told(events) == told(TOLD)


@given(st.lists(st.sampled_from(TOLD), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_any_part_in_any_order(events: list[Event], random: Any) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)
    assert told(shuffled) == told(events)


def test_newest_draft_is_what_is_reviewed() -> None:
    held = Held(Case(case_id=CASE))
    for event in reversed([event for event in TOLD if isinstance(event, NoticeDrafted)]):
        apply(held, event)
    assert [notice.sha256 for notice in held.draft()] == ["b" * 64]
    assert [notice.sha256 for notice in held.draft(1)] == ["c" * 64]
    assert held.rounds[1].why == "reappeared"


@pytest.mark.parametrize("number", [0, 1])
def test_draft_after_the_verdict_of_its_round_changes_nothing(number: int) -> None:
    drafts = [event for event in TOLD if isinstance(event, NoticeDrafted) and event.round == number]
    held = Held(Case(case_id=CASE))
    apply(held, drafts[0])
    (held.rounds[number] if number else held.case).decided_at = T0
    before = row(held.case), [notice.sha256 for notice in held.draft(number)]
    step = apply(held, drafts[1].model_copy(update={"links": ()}))
    assert (row(held.case), [notice.sha256 for notice in held.draft(number)]) == before
    assert step is not None
    assert step.action == "late-draft-ignored"


def test_a_further_round_awaits_its_own_verdict() -> None:
    held = Held(Case(case_id=CASE))
    for event in TOLD:
        apply(held, event)
    derive(held)
    assert held.case.awaits == 1
    held.rounds[1].decided_at = LATE
    derive(held)
    assert held.case.awaits is None


def test_links_name_each_case_once_with_everything_that_agrees() -> None:
    (link,) = told(TOLD)["case"]["links"]
    assert (link.by, link.found_at) == (("favicon", "hash"), T0)


def test_content_that_is_back_is_no_longer_removed_until_it_is_proved_gone_again() -> None:
    gone, back = EXAMPLES[RemovalVerified], changed(ContentReappeared, seen_at=LATE + timedelta(days=1))
    assert told([gone])["case"]["state"] == "removed"
    assert (told([gone, back])["case"]["state"], told([gone, back])["case"]["alarm"]) == ("found", "reappeared")
    again = changed(RemovalVerified, verified_at=LATE + timedelta(days=2))
    assert told([gone, back, again])["case"]["state"] == "removed"


def test_a_draft_awaits_review_only_with_its_evidence() -> None:
    def state(*events: type[Event]) -> object:
        return told([EXAMPLES[event] for event in events])["case"]["state"]

    assert state(NoticeDrafted) == "found"
    assert state(NoticeDrafted, ContentFlagged) == "flagged"
    assert state(NoticeDrafted, EvidenceSealed) == "drafted"
    assert state(NoticeDrafted, EvidenceFailed) == "drafted"
    assert state(NoticeSent) == "sent"
    assert state(RemovalVerified) == "removed"
