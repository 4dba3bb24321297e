"""Whatever order the topics deliver in, the same case comes out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.cases import derive
from services.gateway.projections import apply, in_draft
from services.gateway.store import Case, CaseNotice
from shared.events import (
    ContentChecked,
    ContentFlagged,
    Event,
    EvidenceFailed,
    EvidenceSealed,
    NoticeBounced,
    NoticeDrafted,
    NoticeSent,
    RemovalVerified,
)
from shared.events.examples import CASE, EXAMPLES, NOTICE, T0
from shared.events.values import ProbeOutcome

LATE = T0 + timedelta(hours=1)


def changed(event: type[Event], **more: Any) -> Event:
    return EXAMPLES[event].model_copy(update=more)


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
)


def told(events: Sequence[Event]) -> tuple[dict[str, Any], dict[UUID, dict[str, Any]]]:
    """The rows that these events make, in this order."""
    case, notices = Case(case_id=CASE), dict[UUID, CaseNotice]()
    for event in events:
        apply(case, notices, event)
        derive(case, notices)
    return row(case), {notice_id: row(notice) for notice_id, notice in notices.items()}


def row(entity: Case | CaseNotice) -> dict[str, Any]:
    return {column.name: getattr(entity, column.name) for column in entity.__table__.columns}


@given(st.permutations(TOLD))
def test_any_interleaving_gives_the_same_rows(events: Sequence[Event]) -> None:
    assert told(events) == told(TOLD)


@given(st.lists(st.sampled_from(TOLD), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_any_part_in_any_order(events: list[Event], random: Any) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)
    assert told(shuffled) == told(events)


def test_newest_draft_is_what_is_reviewed() -> None:
    case, notices = Case(case_id=CASE), dict[UUID, CaseNotice]()
    for event in reversed([event for event in TOLD if isinstance(event, NoticeDrafted)]):
        apply(case, notices, event)
    assert [notice.sha256 for notice in in_draft(case, notices)] == ["b" * 64]


def test_draft_after_the_verdict_changes_nothing() -> None:
    case, notices = Case(case_id=CASE), dict[UUID, CaseNotice]()
    apply(case, notices, EXAMPLES[NoticeDrafted])
    case.decided_at = T0
    before = row(case), [notice.sha256 for notice in notices.values()]
    step = apply(case, notices, TOLD[6])
    assert (row(case), [notice.sha256 for notice in notices.values()]) == before
    assert step.action == "late-draft-ignored"


def test_a_draft_awaits_review_only_with_its_evidence() -> None:
    def state(*events: type[Event]) -> object:
        return told([EXAMPLES[event] for event in events])[0]["state"]

    assert state(NoticeDrafted) == "found"
    assert state(NoticeDrafted, ContentFlagged) == "flagged"
    assert state(NoticeDrafted, EvidenceSealed) == "drafted"
    assert state(NoticeDrafted, EvidenceFailed) == "drafted"
    assert state(NoticeSent) == "sent"
    assert state(RemovalVerified) == "removed"
