"""Cases for the services after the capture: sealed evidence with any site, and the office that writes about it."""

from __future__ import annotations

from typing import Any

from services.drafter.agency import Agency
from services.drafter.office import Office
from shared.events import EvidenceSealed
from shared.events.examples import EXAMPLES
from shared.identity import case_id

AGENCY = Agency(
    name="시험 기관",
    name_en="Test Agency",
    mandate="시험법 제1조",
    mandate_en="Test Act, Article 1",
    address="1 Test Street, Seoul",
    phone="+82-2-1111-2222",
    reply_to="answers@agency.test",
    signatory="Official One",
)


def office(report_language: str = "en", **more: Any) -> Office:
    return Office.open(AGENCY, report_language, **more)


def sealed(*, category: str = "known_content", site: dict[str, Any] | None = None, **finding: Any) -> EvidenceSealed:
    """The catalogue's example with these fields of its finding, its site and its assessment changed."""
    example = EXAMPLES[EvidenceSealed]
    assert isinstance(example, EvidenceSealed)
    changed = example.finding.model_copy(update={"site": example.finding.site.model_copy(update=site or {}), **finding})
    return example.model_copy(
        update={
            "case_id": case_id(changed.url),
            "finding": changed,
            "assessment": example.assessment.model_copy(update={"category": category}),
        }
    )
