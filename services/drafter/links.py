"""Earlier cases of the same content, and of sites that seem to be of one operator."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from uuid import UUID

from services.drafter.linking import store
from services.drafter.linking.marks import ENTRY, HASH, marks_of
from services.drafter.linking.store import LinkedCase
from shared.database import Transaction
from shared.events import CaseLink, EvidenceSealed
from shared.notices import CASES_BANK, case_of_entry, reference

MOST = 20  # of a case
CONTENT = {HASH, ENTRY}


async def links(event: EvidenceSealed, tx: Transaction) -> tuple[CaseLink, ...]:
    """Newest first. Also writes down what later cases are linked by; once more for the same case changes nothing."""
    marks = marks_of(event)
    await store.keep(tx, event.case_id, event.finding.site.host, event.finding.found_at, marks)
    by = await store.of_same_content(tx, marks, MOST + 1)
    for match in event.assessment.matches:
        if match.bank == CASES_BANK and (first := case_of_entry(match.entry)):
            by.setdefault(first, set()).add(ENTRY)
    for case_id, kinds in (await store.of_one_operator(tx, marks)).items():
        by.setdefault(case_id, set()).update(kinds)
    by.pop(event.case_id, None)
    found = sorted(await store.cases(tx, by), key=_age, reverse=True)
    return tuple(
        CaseLink(
            case_id=case.case_id,
            reference=reference(case.case_id),
            host=case.host,
            by=tuple(sorted(by[case.case_id])),
            found_at=case.found_at,
        )
        for case in _told(found, by)
    )


def _told(found: Sequence[LinkedCase], by: Mapping[UUID, Set[str]]) -> list[LinkedCase]:
    """Of the same content before those of one operator, who can make sites at will; the newest, and always the first.
    `found`: newest first."""
    same = [case for case in found if by[case.case_id] & CONTENT]
    others = [case for case in found if not by[case.case_id] & CONTENT]
    if len(same) > MOST:
        same = [*same[: MOST - 1], same[-1]]
    return sorted([*same, *others[: MOST - len(same)]], key=_age, reverse=True)


def _age(case: LinkedCase) -> tuple[datetime, UUID]:
    return case.found_at, case.case_id
