"""One notice to one recipient: written, checked, proven; or refused with the reason."""

from datetime import UTC, datetime

from services.drafter.addresses import Addresses
from services.drafter.law import Law, text_in
from services.drafter.office import Office
from services.drafter.problems import Problem
from services.drafter.rendering import NOTICE_LANGUAGES, Rendered, render
from services.drafter.requirements import altered, prove
from shared.events import EvidenceSealed
from shared.events.values import Notice, Recipient
from shared.identity import identity
from shared.notices import reference, sealed
from shared.text import one_line

OCCASION = "first"  # a reminder or an escalation will be another occasion
MAX_SUBJECT = 180  # characters: shown whole by common mail programs in two lines
FALLBACK = ("en", "ko")  # for a recipient whose language has no template: the world's, then the agency's own
UNSEALED = "0" * 64
BETWEEN = "\n" + "-" * 60 + "\n\n"


def write_notice(
    event: EvidenceSealed, to: Recipient, named: Addresses, law: Law, office: Office, now: datetime
) -> Notice | Problem:
    """The notice, or why none was written: a thin or altered notice is never shown for approval.

    Neither the page's title nor its text is in it: both may name a person.
    """
    languages = (to.language,) if to.language in NOTICE_LANGUAGES else FALLBACK
    versions = [_render(language, event, to, named, law, office, now) for language in languages]
    subject, body = one_line(versions[0].heading, MAX_SUBJECT), BETWEEN.join(version.body for version in versions)
    for language, version in zip(languages, versions, strict=True):
        lines, spans = _locked(event, named, law, language, now)
        if changed := altered(version.body, lines, spans):
            return Problem("altered", f"{to.email}: {', '.join(changed)}")
    requirements, missing = prove(office.laws.demands(law), versions[0].fields, body)
    if missing:
        return Problem("missing_field", f"{to.email}: " + ", ".join(f"{one.field} ({one.source})" for one in missing))
    notice = Notice(
        notice_id=identity("notice", event.case_id, to.email, OCCASION),
        recipient=to,
        language=languages[0],
        subject=subject,
        body=body,
        requirements=requirements,
        sha256=UNSEALED,
    )
    return sealed(notice)


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _render(
    language: str, event: EvidenceSealed, to: Recipient, named: Addresses, law: Law, office: Office, now: datetime
) -> Rendered:
    agency, home, category = office.agency, office.laws.home, event.assessment.category
    values = {
        "tag": f"[Haetae {reference(event.case_id)}]",
        "reference": reference(event.case_id),
        "recipient": to,
        "date": now.astimezone(UTC).date().isoformat(),
        "agency_name": agency.name_in(language),
        "mandate": agency.mandate_in(language),
        "address": agency.address,
        "phone": agency.phone,
        "reply_to": agency.reply_to,
        "signatory": agency.signatory,
        "addresses": named,
        "seen_at": stamp(event.finding.found_at),
        "sealed_at": stamp(event.sealed_at),
        "category": office.categories.words(category, language),
        "citation": law.cited_in(language),
        "home_citation": text_in(home.citation, language) if category in home.covers else "",
        "clock": law.clock,
        "manifest": event.manifest_sha256,
    }
    return render(f"notice.{language}.txt", values)


def _locked(
    event: EvidenceSealed, named: Addresses, law: Law, language: str, now: datetime
) -> tuple[list[str], list[str]]:
    """What no template may change: addresses, each alone on its line; dates, digests and the article."""
    lines = [named.page, *(picture.url for picture in named.pictures)]
    digests = [digest for picture in named.pictures for digest in (picture.sha256, picture.pdq) if digest]
    times = [stamp(event.finding.found_at), stamp(event.sealed_at), now.astimezone(UTC).date().isoformat()]
    return lines, [*digests, *times, event.manifest_sha256, law.cited_in(language), reference(event.case_id)]
