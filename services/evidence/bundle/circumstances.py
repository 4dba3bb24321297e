"""Which server showed the page: rows of the report, from the steps' facts (pure).

The steps wrote these facts, and what is in them came from strangers: a field that is missing or of another kind is
"not known", never an error.
"""

from collections.abc import Mapping
from typing import Any

from services.evidence.bundle.contents import Json
from services.evidence.bundle.words import line, say
from shared.typeset.plain import shown

MAX_VALUE = 100
MOST_ADDRESSES = 4
REGISTERED = "registration"  # the event of RFC 9083, 10.2.3


def server(steps: Mapping[str, Json]) -> list[tuple[str, str]]:
    """Label and value of each row."""
    network, domain = at(steps, "rdap", "network", "registry"), at(steps, "rdap", "domain", "registry")
    return [
        ("address", told(steps, "document", at(steps, "document", "address"))),
        ("dns", told(steps, "dns", joined(at(steps, "dns", "addresses")))),
        ("owner", told(steps, "rdap", parts(at(network, "owner"), at(network, "name"), at(network, "country")))),
        ("registrar", told(steps, "rdap", at(domain, "registrar", "name"))),
        ("registered", told(steps, "rdap", registered(domain))),
        *encryption(steps),
        ("clock", told(steps, "conditions", offset(steps))),
    ]


def told(steps: Mapping[str, Json], step: str, value: object) -> str:
    """The value; that it was not obtained when the step failed, that it is not known when the step could not tell."""
    if step not in steps:
        return line(say("away"))
    return shown(value, MAX_VALUE) if isinstance(value, str) and value else line(say("unknown"))


def encryption(steps: Mapping[str, Json]) -> list[tuple[str, str]]:
    """The server's own certificate, the first of those it sent."""
    if at(steps, "tls", "tls") is False:
        return [("certificate", line(say("no_tls")))]
    certificate = first(at(steps, "tls", "sent"))
    return [
        ("certificate", told(steps, "tls", at(certificate, "subject"))),
        ("issuer", told(steps, "tls", at(certificate, "issuer"))),
        ("valid", told(steps, "tls", period(certificate))),
        ("fingerprint", told(steps, "tls", at(certificate, "sha256"))),
    ]


def at(value: object, *path: str) -> Any:  # noqa: ANN401  # the shape of JSON
    """What stands there; None where nothing does."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else None


def joined(value: object) -> str:
    words = [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
    return ", ".join(words[:MOST_ADDRESSES]) + (" …" if len(words) > MOST_ADDRESSES else "")


def parts(*values: object) -> str:
    return ", ".join(dict.fromkeys(value for value in values if isinstance(value, str) and value))


def registered(domain: object) -> object:
    events = at(domain, "events")
    listed = events if isinstance(events, list) else []
    return next((at(event, "at") for event in listed if at(event, "action") == REGISTERED), None)


def period(certificate: object) -> str | None:
    begin, end = at(certificate, "not_before"), at(certificate, "not_after")
    return f"{begin} ~ {end}" if begin and end else None


def offset(steps: Mapping[str, Json]) -> str | None:
    """By the first time server that answered. Our clock's, in milliseconds that it has to be moved by."""
    servers = at(steps, "conditions", "clock", "servers")
    for server in servers if isinstance(servers, list) else []:
        if isinstance(milliseconds := at(server, "offset_ms"), int):
            return f"{milliseconds:+} ms ({at(server, 'server')})"
    return None
