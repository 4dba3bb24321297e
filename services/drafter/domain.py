"""A case becomes a draft: a report, and the notices of its whole ladder, to send once an official has approved them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.drafter.contacts.resolve import Asked, resolve
from services.drafter.contacts.stated import Stated
from services.drafter.notice import FIRST, PACKET, REMINDER, TEMPLATES, Occasion, Writer
from services.drafter.office import Office
from services.drafter.parts import WITH_XARF
from services.drafter.problems import Problem
from services.drafter.report import write_report
from shared.events import CaseLink, EvidenceFailed, EvidenceSealed
from shared.events.values import Notice, Report

# Of one draft, in bytes of JSON: a record has 1 MiB. The draft carries a report beside its notices, which is 100 kB at
# most; the approval, the finding.
MAX_NOTICES, MAX_WITH_FINDING = 700_000, 950_000
# A reminder comes when the deadline that the notice named is over, and not before a day: whoever gets two mails a day
# about one matter closes both unread.
REMIND_HOURS = 24


@dataclass(frozen=True)
class Draft:
    report: Report
    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class Known:
    """What the drafter's own tables say. `measured`: median hours to an answer, by provider. `stated`: contacts that
    other agencies stated."""

    measured: Mapping[str, float] = field(default_factory=dict)
    links: tuple[CaseLink, ...] = ()
    polished: Mapping[str, str] = field(default_factory=dict)
    stated: Sequence[Stated] = ()


def draft(event: EvidenceSealed, office: Office, now: datetime, known: Known | None = None) -> Draft:
    """What cannot be written is said in the report: nobody to ask, an address that cannot be named, a missing field."""
    known = known or Known()
    writer = Writer(event, office, now, known.polished)
    resolved = resolve(event, office.ladder, known.measured, now, known.stated)
    notices, refused = written(writer, resolved.asked, Occasion(FIRST))
    problems = [*resolved.problems, *refused, *_remarks(event, resolved.asked, office)]
    if known.polished:
        problems.append(Problem("polished", ", ".join(sorted(known.polished))))
    laws = writer.laws_for(resolved.asked)
    report = write_report(event, office, notices=notices, problems=problems, laws=laws, links=known.links)
    return Draft(report, notices)


def written(
    writer: Writer, asked: Iterable[Asked], occasion: Occasion
) -> tuple[tuple[Notice, ...], tuple[Problem, ...]]:
    """The notices with the reminder of each that goes by mail, in ladder order; and what was not written. Nobody is
    reminded of a notice that cannot be approved, nor, by a machine, whoever supervises."""
    notices: list[Notice] = []
    problems: list[Problem] = []
    room = min(MAX_NOTICES, MAX_WITH_FINDING - len(writer.event.finding.model_dump_json().encode()))
    for one in asked:
        for made in _with_reminder(writer, one, occasion):
            if isinstance(made, Problem):
                problems.append(made)
                continue
            room -= len(made.model_dump_json().encode())
            if room < 0:
                problems.append(Problem("too_large", f"{made.recipient.name} ({made.occasion})"))
            else:
                notices.append(made)
            if made.missing:
                problems.append(Problem("missing_field", f"{made.recipient.name}: {', '.join(made.missing)}"))
    return tuple(notices), tuple(problems)


def _with_reminder(writer: Writer, one: Asked, occasion: Occasion) -> Iterable[Notice | Problem]:
    first = writer.write(one, occasion)
    yield first
    if (
        isinstance(first, Notice)
        and not first.missing
        and occasion.name != PACKET
        and first.recipient.channel == "mail"
        and writer.office.templates.of(TEMPLATES[REMINDER])
    ):
        hours = (first.clock and (first.clock.hours or first.clock.alarm_after_hours)) or 0
        yield writer.write(
            one, Occasion(REMINDER, occasion.round, follows=first.notice_id, after_hours=max(hours, REMIND_HOURS))
        )


def free_sentences(event: EvidenceSealed, office: Office) -> dict[str, str]:
    """By language: what the notices say in words that no law prescribes."""
    languages = office.templates.of(TEMPLATES[FIRST])
    return {language: office.categories.words(event.assessment.category, language) for language in sorted(languages)}


def draft_without_evidence(event: EvidenceFailed, office: Office) -> Draft:
    """Without preserved evidence nobody is asked for anything, but a person is told."""
    return Draft(write_report(event, office, problems=[Problem("no_evidence", event.reason)]), ())


def _remarks(event: EvidenceSealed, asked: Sequence[Asked], office: Office) -> list[Problem]:
    site, category, sample = event.finding.site, event.assessment.category, office.agency.sample
    known = office.templates.of(TEMPLATES[FIRST])
    untranslated = [to for to in (one.recipient for one in asked) if (to.locale or to.language) not in known]
    found = [Problem("fallback_language", f"{to.email or to.name} ({to.language})") for to in untranslated]
    if (
        (machine := office.kinds.of(category))
        and machine.verify
        and any(to.recipient.role in WITH_XARF for to in asked)
    ):
        found.append(Problem("unverified_report", f"{category}: {machine.type}"))
    if site.country is None:
        found.append(Problem("unknown_country", site.host))
    if not office.categories.knows(category):
        found.append(Problem("unknown_category", category))
    if sample:
        found.append(Problem("sample_agency", ", ".join(sample)))
    return found
