"""A notice's parts for machines and forms: what report APIs and forms ask for one by one, and the XARF report."""

from uuid import UUID

from services.drafter.attachments import xarf
from services.drafter.contacts.behind import behind
from services.drafter.contacts.resolve import Asked
from services.drafter.law import Law
from services.drafter.office import Office
from services.drafter.rendering import stamp
from shared.events import EvidenceSealed
from shared.events.values import Attachment
from shared.notices import reference

# Abuse desks of these read reports by machine; a site's own operator reads mail.
WITH_XARF = frozenset({"host", "cdn", "registrar"})


def attachments(
    event: EvidenceSealed, office: Office, notice_id: UUID, asked: Asked, words: str, action: str
) -> tuple[Attachment, ...]:
    """For a recipient of `WITH_XARF`. `words`, `action`: in English, what is said of the material and what is asked.
    Raises `BadReport`."""
    kind, host = office.kinds.of(event.assessment.category), asked.addresses.host
    if kind is None:
        return ()
    source = "" if asked.recipient.role == "registrar" else behind(event, host).told.address
    # Of a report that came by an API nobody reads anything else: that the customer must not be told stands in it, too.
    told = f"{words} {action}"
    return (xarf(event, notice_id, asked.addresses, kind, office.agency, told, source or host),)


def fields(
    event: EvidenceSealed, office: Office, asked: Asked, law: Law, language: str, words: str, action: str
) -> dict[str, str]:
    """Plain text by name. `words`, `action`: as the notice says them in `language`."""
    agency, named = office.agency, asked.addresses
    return {
        "reference": reference(event.case_id),
        "page": named.page,
        "urls": "\n".join([named.page, *(one.url for one in named.pictures)]),
        "host": named.host,
        "category": event.assessment.category,
        "comments": words,
        "action": action,
        "citation": law.cited_in(language),
        "language": language,
        "country": asked.recipient.country,
        "contact_name": agency.signatory,
        "contact_email": agency.reply_to,
        "contact_phone": agency.phone,
        "agency": agency.name_in(language),
        "mandate": agency.mandate_in(language),
        "seen_at": stamp(event.finding.found_at),
        "sealed_at": stamp(event.sealed_at),
        "sha256s": "\n".join(one.sha256 for one in named.pictures),
        "pdqs": "\n".join(one.pdq for one in named.pictures if one.pdq),
        "manifest": event.manifest_sha256,
        "form": office.ladder.form_of(asked.recipient),
    }
