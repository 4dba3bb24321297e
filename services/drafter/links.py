"""Earlier cases of the same content, and of sites that seem to be of one operator."""

from services.drafter.linking import store
from services.drafter.linking.marks import ENTRY, marks_of
from shared.database import Transaction
from shared.events import CaseLink, EvidenceSealed
from shared.notices import CASES_BANK, case_of_entry, reference

MOST = 20  # of a case: the newest, and always the first


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
    found = sorted(await store.cases(tx, by), key=lambda case: (case.found_at, case.case_id), reverse=True)
    told = found if len(found) <= MOST else [*found[: MOST - 1], found[-1]]
    return tuple(
        CaseLink(
            case_id=case.case_id,
            reference=reference(case.case_id),
            host=case.host,
            by=tuple(sorted(by[case.case_id])),
            found_at=case.found_at,
        )
        for case in told
    )
