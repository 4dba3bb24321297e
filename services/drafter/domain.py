"""A case becomes a draft: a report and the notices to send once an official has approved them."""

from dataclasses import dataclass
from datetime import datetime

from services.drafter.addresses import addresses
from services.drafter.notice import write_notice
from services.drafter.office import Office
from services.drafter.problems import Problem
from services.drafter.recipients import recipients
from services.drafter.rendering import NOTICE_LANGUAGES
from services.drafter.report import write_report
from shared.events import EvidenceFailed, EvidenceSealed
from shared.events.values import Notice, Recipient, Report


@dataclass(frozen=True)
class Draft:
    report: Report
    notices: tuple[Notice, ...]


def draft(event: EvidenceSealed, office: Office, now: datetime) -> Draft:
    """What cannot be written is said in the report: nobody to ask, an address that cannot be named, a missing field."""
    law = office.laws.applicable(event.finding.site.country, event.assessment.category)
    named, unnamed = addresses(event.finding, event.assessment.matches)
    asked, unasked = recipients(event.finding.site, office.ladder)
    written = [write_notice(event, to, named, law, office, now) for to in asked] if named else []
    notices = tuple(one for one in written if isinstance(one, Notice))
    refused = [one for one in written if isinstance(one, Problem)]
    problems = [*unasked, *unnamed, *refused, *_remarks(event, asked, office)]
    return Draft(write_report(event, office, notices=notices, problems=problems, law=law), notices)


def draft_without_evidence(event: EvidenceFailed, office: Office) -> Draft:
    """Without preserved evidence nobody is asked for anything, but a person is told."""
    return Draft(write_report(event, office, problems=[Problem("no_evidence", event.reason)]), ())


def _remarks(event: EvidenceSealed, asked: tuple[Recipient, ...], office: Office) -> list[Problem]:
    site, category, sample = event.finding.site, event.assessment.category, office.agency.sample
    untranslated = [to for to in asked if to.language not in NOTICE_LANGUAGES]
    found = [Problem("fallback_language", f"{to.email} ({to.language})") for to in untranslated]
    if site.country is None:
        found.append(Problem("unknown_country", site.host))
    if not office.categories.knows(category):
        found.append(Problem("unknown_category", category))
    if sample:
        found.append(Problem("sample_agency", ", ".join(sample)))
    return found
