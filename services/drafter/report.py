"""The report on a case for the agency's file: what was found, why it counts, what a person has to look at."""

from collections.abc import Mapping, Sequence

from services.drafter.law import Law
from services.drafter.office import Office
from services.drafter.problems import Problem
from services.drafter.rendering import stamp
from shared.events import CaseLink, EvidenceFailed, EvidenceSealed
from shared.events.values import MAX_URL, Finding, Match, Notice, Report
from shared.notices import reference
from shared.text import one_line

MAX_LINE = 300  # of text from the web


def write_report(
    event: EvidenceSealed | EvidenceFailed,
    office: Office,
    *,
    notices: Sequence[Notice] = (),
    problems: Sequence[Problem] = (),
    laws: Sequence[Law] = (),
    links: Sequence[CaseLink] = (),
) -> Report:
    """`laws`: the rules that the notices lean on; a case without evidence has none."""
    language, finding = office.report_language, event.finding
    values = {
        **_found(finding),
        **_assessed(event),
        **_sealed(event),
        "reference": reference(event.case_id),
        "case_id": event.case_id,
        "notices": notices,
        "words": office.words.root[language],
        "laws": laws,
        "links": links,
        "unconfirmed": office.laws.unconfirmed(finding.site.country, event.assessment.category),
        "home": office.laws.home_for(event.assessment.category),
        "problems": [office.sentences.tell(problem, language) for problem in problems],
        "by_hand": office.ladder.by_hand(),
    }
    rendered = office.templates.render(f"report.{language}.txt", values)
    return Report(language=language, title=rendered.heading, body=rendered.body)


def _found(finding: Finding) -> Mapping[str, object]:
    return {
        "host": one_line(finding.site.host, MAX_LINE),
        "page": one_line(finding.url, MAX_URL),
        "site": one_line(finding.site.name, MAX_LINE),
        "country": finding.site.country,
        "language": finding.language or finding.site.language,
        "title": one_line(finding.title, MAX_LINE),
        "seen_at": stamp(finding.found_at),
        "pictures": len(finding.pictures),
    }


def _assessed(event: EvidenceSealed | EvidenceFailed) -> Mapping[str, object]:
    assessment = event.assessment
    return {
        "category": one_line(assessment.category, MAX_LINE),
        "risk": f"{assessment.risk.score:.2f}",
        "components": [(name, f"{score:.2f}") for name, score in sorted(assessment.risk.components.items())],
        "reasons": [
            {"text": one_line(reason.text, MAX_LINE), "weight": f"{reason.weight:.2f}"} for reason in assessment.reasons
        ],
        "matches": [_on_one_line(match) for match in assessment.matches],
    }


def _on_one_line(match: Match) -> Mapping[str, object]:
    return {name: one_line(str(value), MAX_LINE) for name, value in match.model_dump().items()}


def _sealed(event: EvidenceSealed | EvidenceFailed) -> Mapping[str, object]:
    if isinstance(event, EvidenceFailed):
        return {"failed": one_line(event.reason, MAX_LINE) or "?", "sealed_at": "", "manifest": "", "objects": ()}
    return {
        "failed": "",
        "sealed_at": stamp(event.sealed_at),
        "manifest": event.manifest_sha256,
        "objects": event.objects,
    }
