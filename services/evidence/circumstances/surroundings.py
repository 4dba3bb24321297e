"""Where a page and its pictures are served from, and whom registries name for reports: from the steps' facts (pure).

Registries write these facts, and whoever is behind a page writes to registries: what is missing, too long or of another
kind is left out, never an error. Nothing of the page itself is in them.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from services.evidence.capture.captured import Captured
from services.evidence.capture.work import Json
from services.evidence.circumstances.traces import traces_of
from shared.events import AbuseContact, Place, Surroundings
from shared.text import one_line

MAX_NAME = 200  # characters: names of networks and organisations have 10-60
MOST_CONTACTS = 6  # of a host; a registry names one or two for each role
MOST_SERVERS = 16
FAILED = "failed"  # the whole step: its manifest says why
# An addr-spec that needs no quoting, with an ASCII domain: nothing that could end a header or hide a second address.
EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,187}[A-Za-z0-9])?")
COUNTRY = re.compile(r"[A-Z]{2}")


def surroundings(captured: Captured) -> Surroundings:
    rdap, elsewhere = _facts(captured, "rdap"), _facts(captured, "elsewhere")
    host = _behind(rdap) if rdap is not None else {"failures": (f"rdap:{FAILED}",)}
    failures = (*host.pop("failures"), *((f"dns:{FAILED}",) if _facts(captured, "dns") is None else ()))
    if elsewhere is None:
        failures = (*failures, f"elsewhere:{FAILED}")
    address = _text(_at(_facts(captured, "document"), "address"))
    nameservers = tuple(dict.fromkeys(_nameservers(captured)))[:MOST_SERVERS]
    return Surroundings(
        address=address,
        **host,
        nameservers=nameservers,
        traces=traces_of(_facts(captured, "traces"), address, nameservers),
        elsewhere=tuple(map(_place, _mappings(_at(elsewhere, "hosts")))),
        failures=failures,
    )


def _facts(captured: Captured, name: str) -> Mapping[str, Json] | None:
    """None when the step failed."""
    step = captured.step(name)
    return step.made.facts if step and not step.failure else None


def _place(told: Mapping[str, Json]) -> Place:
    return Place(host=_text(told.get("host")), address=_text(told.get("address")), **_behind(told))


def _behind(told: Mapping[str, Json]) -> dict[str, Any]:
    """What `Place` and `Surroundings` have in common."""
    domain, network = _at(told, "domain"), _at(told, "network")
    registry, onward, net = _at(domain, "registry"), _at(domain, "registrar"), _at(network, "registry")
    failures = [f"{name}:{why}" for name, told in (("domain", domain), ("registrar", onward), ("network", network))
                if (why := _text(_at(told, "why")))]  # fmt: skip
    if registry and not _at(registry, "is_asked_for"):
        registry = onward = None
        failures.append("domain:of_another")
    if net and not _at(net, "is_asked_for"):
        net = None
        failures.append("network:of_another")
    country = _text(_at(net, "country")).upper()
    registrar = _at(registry, "registrar") or _at(onward, "registrar")
    return {
        "network": _text(_at(net, "name")),
        "network_handle": _text(_at(net, "handle")),
        "network_country": country if COUNTRY.fullmatch(country) else "",
        "registrar": _text(_at(registrar, "name")),
        "registrar_id": _text(_at(registrar, "iana_id")),
        "contacts": tuple(_contacts(registry, onward, net, _text(_at(registrar, "name"))))[:MOST_CONTACTS],
        "failures": tuple(failures),
    }


def _contacts(registry: Json, onward: Json, net: Json, registrar: str) -> Iterator[AbuseContact]:
    """The network's first, then the registrar's as it says itself, then as the registry says. None twice."""
    holder = _text(_at(net, "owner")) or _text(_at(net, "name"))
    named = (
        ("host", net, "abuse_emails", holder),
        ("registrar", onward, "registrar_abuse", registrar),
        ("registrar", registry, "registrar_abuse", registrar),
        ("registry", registry, "registry_abuse", ""),
    )
    seen: set[tuple[str, str]] = set()
    for role, source, field, name in named:
        at = _moment(_at(source, "asked_at"))
        for email in _texts(_at(source, field)):
            if at and EMAIL.fullmatch(email) and (role, email.lower()) not in seen:
                seen.add((role, email.lower()))
                url = _text(_at(source, "url"))
                yield AbuseContact(role=role, email=email, holder=name or email.partition("@")[2], url=url, at=at)


def _nameservers(captured: Captured) -> Iterator[str]:
    """As the name servers say, else as the registry says."""
    for answer in _mappings(_at(_facts(captured, "dns"), "answers")):
        records = _mappings(answer.get("records")) if answer.get("kind") == "NS" else ()
        yield from (_name(record.get("data")) for record in records if record.get("kind") == "NS")
    yield from map(_name, _texts(_at(_facts(captured, "rdap"), "domain", "registry", "name_servers")))


def _name(told: Json) -> str:
    return _text(told).rstrip(".").lower()


def _at(value: Json, *path: str) -> Json:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _mappings(value: Json) -> tuple[Mapping[str, Json], ...]:
    return tuple(one for one in value if isinstance(one, Mapping)) if isinstance(value, list | tuple) else ()


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple) else ()


def _text(value: Json) -> str:
    return one_line(value, MAX_NAME) if isinstance(value, str) else ""


def _moment(value: Json) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
