"""A later round of a case: what came back is asked for again; what nobody did goes to whoever supervises them."""

from datetime import datetime

from services.drafter.contacts.packets import packet_recipients
from services.drafter.contacts.places import addresses
from services.drafter.contacts.resolve import Asked, resolve
from services.drafter.domain import Draft, Known, written
from services.drafter.notice import PACKET, REAPPEARED, Occasion, Writer
from services.drafter.office import Office
from services.drafter.problems import Problem
from services.drafter.report import write_report
from shared.events import EvidenceSealed, FollowUpAsked
from shared.failures import Rejected

REGULATOR, BACK = "regulator", "reappeared"  # why a further round is asked for


def follow_up(event: EvidenceSealed, asked: FollowUpAsked, office: Office, now: datetime, known: Known) -> Draft:
    """`event`: what the first draft was written from. Raises `Rejected` for a reason that no text here tells."""
    writer = Writer(event, office, now)
    if asked.why not in (REGULATOR, BACK):
        raise Rejected(f"round {asked.round} of case {asked.case_id}: no template tells the reason {asked.why!r}")
    if asked.why == REGULATOR:
        recipients, problems = _supervisors(event, office, now)
        occasion = Occasion(PACKET, asked.round, log=asked.log)
    else:
        resolved = resolve(event, office.ladder, known.measured, now, known.stated)
        recipients, problems = resolved.asked, resolved.problems
        occasion = Occasion(REAPPEARED, asked.round, seen_again=asked.asked_at)
    notices, refused = written(writer, recipients, occasion)
    laws = writer.laws_for(recipients)
    report = write_report(event, office, notices=notices, problems=[*problems, *refused], laws=laws)
    return Draft(report, notices)


def _supervisors(event: EvidenceSealed, office: Office, now: datetime) -> tuple[tuple[Asked, ...], tuple[Problem, ...]]:
    named, problems = addresses(event.finding, event.assessment.matches)
    if named is None:
        return (), problems
    site, category = event.finding.site, event.assessment.category
    found = packet_recipients(site.country, category, office.ladder)
    if not found:
        return (), (*problems, Problem("no_supervisor", site.country or "?"))
    return tuple(Asked(to, 0, 0, named) for to in found), problems
