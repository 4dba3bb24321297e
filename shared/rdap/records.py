"""What a registry says, as values (RFC 9083, 5.3 and 5.4; pure)."""

import ipaddress
from dataclasses import dataclass

from shared.rdap.contacts import Contact, contacts
from shared.rdap.failures import RdapFailed, Why
from shared.rdap.shapes import Json, field, items, text, texts

__all__ = [
    "Contact", "Event", "Network", "Registration", "abuse_emails", "network", "registrar_abuse", "registration",
    "registry_abuse",
]  # fmt: skip


@dataclass(frozen=True)
class Event:
    """`at` as the registry wrote it: it is its statement, and not always a date."""

    action: str
    at: str


@dataclass(frozen=True)
class Registration:
    """Of a domain. `onward`: the registrar's own answer about it, where the registry links one."""

    name: str
    handle: str
    status: tuple[str, ...]
    events: tuple[Event, ...]
    name_servers: tuple[str, ...]
    signed: bool | None  # DNSSEC; None when the registry does not say
    contacts: tuple[Contact, ...]
    onward: str = ""

    @property
    def registrar(self) -> Contact | None:
        return _with_role(self.contacts, "registrar")

    @property
    def registrant(self) -> Contact | None:
        return _with_role(self.contacts, "registrant")


@dataclass(frozen=True)
class Network:
    """Of an address. `autnums`: systems that announce it, where the registry says so (ARIN does)."""

    handle: str
    name: str
    kind: str
    country: str
    first: str
    last: str
    parent: str
    status: tuple[str, ...]
    events: tuple[Event, ...]
    autnums: tuple[int, ...]
    contacts: tuple[Contact, ...]

    @property
    def owner(self) -> Contact | None:
        return _with_role(self.contacts, "registrant")

    def covers(self, address: str) -> bool:
        try:
            first, last, asked = map(ipaddress.ip_address, (self.first, self.last, address))
        except ValueError:
            return False
        return first.version == asked.version == last.version and int(first) <= int(asked) <= int(last)


def abuse_emails(known: tuple[Contact, ...]) -> tuple[str, ...]:
    """Where abuse is to be reported, the outermost first."""
    return tuple(dict.fromkeys(mail for one in known if "abuse" in one.roles for mail in one.emails))


def registrar_abuse(known: tuple[Contact, ...]) -> tuple[str, ...]:
    """Of those, the registrar's: within its entity, or an entity that is both."""
    return abuse_emails(tuple(one for one in known if "registrar" in (*one.roles, *one.within)))


def registry_abuse(known: tuple[Contact, ...]) -> tuple[str, ...]:
    """Of those, what stands in no other entity and is nobody else: not the registrar's, and not what whoever registered
    the domain may have written."""
    return abuse_emails(tuple(one for one in known if one.roles == ("abuse",) and not one.within))


def registration(answer: dict[str, Json], where: str) -> Registration:
    """Raises `RdapFailed` for an answer that is about something else."""
    _check(answer, "domain", "ldhName", where)
    signed = field(answer.get("secureDNS"), "delegationSigned")
    return Registration(
        name=text(answer.get("ldhName")).rstrip(".").lower(),
        handle=text(answer.get("handle")),
        status=texts(answer.get("status")),
        events=_events(answer),
        name_servers=texts([field(server, "ldhName") for server in items(answer.get("nameservers"))]),
        signed=signed if isinstance(signed, bool) else None,
        contacts=contacts(answer),
        onward=_onward(answer),
    )


def network(answer: dict[str, Json], where: str) -> Network:
    """Raises `RdapFailed` for an answer that is about something else."""
    _check(answer, "ip network", "startAddress", where)
    announced = items(answer.get("arin_originas0_originautnums"))
    return Network(
        handle=text(answer.get("handle")),
        name=text(answer.get("name")),
        kind=text(answer.get("type")),
        country=text(answer.get("country")),
        first=text(answer.get("startAddress")).partition("/")[0],
        last=text(answer.get("endAddress")).partition("/")[0],
        parent=text(answer.get("parentHandle")),
        status=texts(answer.get("status")),
        events=_events(answer),
        autnums=tuple(number for number in announced if type(number) is int and 0 < number < 1 << 32),
        contacts=contacts(answer),
    )


def _check(answer: dict[str, Json], kind: str, has: str, where: str) -> None:
    """By its class; by what only such an object has, where the server names no class."""
    named = text(answer.get("objectClassName")).lower()
    if named != kind and (named or has not in answer):
        raise RdapFailed(f"{where}: the answer is not about a {kind}", Why.BROKEN)


def _events(answer: dict[str, Json]) -> tuple[Event, ...]:
    told = items(answer.get("events"))
    events = (Event(text(field(one, "eventAction")).lower(), text(field(one, "eventDate"))) for one in told)
    return tuple(event for event in events if event.action)


def _onward(answer: dict[str, Json]) -> str:
    """The link to the registrar's answer (RFC 9083, 4.2): `related`, in RDAP's media type."""
    for link in items(answer.get("links")):
        is_rdap = text(field(link, "type")).lower().startswith("application/rdap+json")
        if is_rdap and text(field(link, "rel")).lower() == "related":
            return text(field(link, "href"))
    return ""


def _with_role(known: tuple[Contact, ...], role: str) -> Contact | None:
    return next((one for one in known if role in one.roles), None)
