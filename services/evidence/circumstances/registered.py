"""What the registries answered, as facts for a manifest and as a file with their own words (pure)."""

from collections.abc import Sequence

from haetae_verify.canonical import canonical, digest, moment
from services.evidence.capture.work import Json
from shared.rdap import Answer, Contact, Network, Registration, abuse_emails, registrar_abuse, registry_abuse

FORMAT = "haetae-rdap/1"


def about_domain(name: str, answer: Answer[Registration]) -> dict[str, Json]:
    said = answer.record
    return {
        **_source(answer),
        "name": said.name,
        "is_asked_for": said.name in ("", name),
        "handle": said.handle,
        "status": list(said.status),
        "events": [{"action": event.action, "at": event.at} for event in said.events],
        "name_servers": list(said.name_servers),
        "dnssec": said.signed,
        "registrar": _registrar(said.registrar),
        "registrant_organisation": said.registrant.organisation if said.registrant else "",
        "abuse_emails": list(abuse_emails(said.contacts)),
        "registrar_abuse": list(registrar_abuse(said.contacts)),
        "registry_abuse": list(registry_abuse(said.contacts)),
    }


def about_network(address: str, answer: Answer[Network]) -> dict[str, Json]:
    said = answer.record
    return {
        **_source(answer),
        "address": address,
        "is_asked_for": said.covers(address),
        "name": said.name,
        "handle": said.handle,
        "kind": said.kind,
        "country": said.country,
        "first": said.first,
        "last": said.last,
        "parent": said.parent,
        "status": list(said.status),
        "events": [{"action": event.action, "at": event.at} for event in said.events],
        "autnums": list(said.autnums),
        "owner": said.owner.as_organisation if said.owner else "",
        "abuse_emails": list(abuse_emails(said.contacts)),
    }


def file_of(answers: Sequence[Answer[Registration] | Answer[Network]]) -> bytes:
    """Every answer as it was sent: JSON is UTF-8, or it would not have been read."""
    told = [{**_source(answer), "body": answer.body.decode()} for answer in answers]
    return canonical({"format": FORMAT, "answers": told})


def _source(answer: Answer[Registration] | Answer[Network]) -> dict[str, Json]:
    return {"url": answer.url, "asked_at": moment(answer.at), "sha256": digest(answer.body)}


def _registrar(registrar: Contact | None) -> Json:
    if registrar is None:
        return None
    return {
        "name": registrar.as_organisation,
        "handle": registrar.handle,
        "iana_id": registrar.registrar_id,
    }
