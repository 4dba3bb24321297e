"""Contacts of an answer: entities (RFC 9083, 5.1) with their jCards (RFC 7095), however they are nested (pure)."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.rdap.shapes import Json, field, items, text, texts

MAX_DEPTH = 6  # RIPE nests an abuse contact two deep; real answers end at four
MAX_CONTACTS = 64  # of an answer


@dataclass(frozen=True)
class Contact:
    """`roles` as the registry names them (RFC 9083, 10.2.4), in lower case; `kind` as vCard does (RFC 6350, 6.1.4):
    individual, org, group. What the registry keeps to itself is empty."""

    roles: tuple[str, ...]
    handle: str
    kind: str
    name: str
    organisation: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    registrar_id: str  # IANA's number of a registrar
    within: tuple[str, ...] = ()  # roles of the entities that it stands in

    @property
    def as_organisation(self) -> str:
        """Its name, unless that is a person's."""
        return self.organisation or (self.name if self.kind != "individual" else "")


def contacts(answer: Json) -> tuple[Contact, ...]:
    """Of all levels, the outermost first, at most `MAX_CONTACTS`."""
    found: list[Contact] = []
    level: list[tuple[Json, tuple[str, ...]]] = [(entity, ()) for entity in items(field(answer, "entities"))]
    for _ in range(MAX_DEPTH):
        read = [
            (entity, _contact(entity, within))
            for entity, within in level[: MAX_CONTACTS - len(found)]
            if isinstance(entity, dict)
        ]
        found.extend(contact for _, contact in read)
        level = [
            (inner, (*contact.within, *contact.roles))
            for entity, contact in read
            for inner in items(entity.get("entities"))
        ]
    return tuple(found)


def _contact(entity: dict[str, Json], within: tuple[str, ...]) -> Contact:
    card = list(_properties(entity.get("vcardArray")))
    kinds, names, organisations = (_values(card, property) for property in ("kind", "fn", "org"))
    return Contact(
        roles=tuple(role.lower() for role in texts(entity.get("roles"))),
        handle=text(entity.get("handle")),
        kind=kinds[0].lower() if kinds else "",
        name=names[0] if names else "",
        organisation=organisations[0] if organisations else "",
        emails=tuple(mail for mail in _values(card, "email") if is_address(mail)),
        phones=tuple(phone.removeprefix("tel:") for phone in _values(card, "tel")),
        registrar_id=_registrar_id(entity),
        within=within,
    )


def is_address(mail: str) -> bool:
    """Enough to send to: no blanks, one @, a name after it. Registries write `REDACTED` and web addresses here."""
    local, at, domain = mail.partition("@")
    return bool(local and at and "." in domain) and "@" not in domain and " " not in mail


def _properties(card: Json) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name and texts of each property: `[name, parameters, type, value, …]`, where a value may be a list in itself."""
    outer = items(card)
    for line in items(outer[1]) if len(outer) > 1 else []:
        if isinstance(line, list) and len(line) > 3 and (name := text(line[0]).lower()):
            inner = [one for value in line[3:] for one in items(value)]
            yield name, texts(inner)


def _values(card: list[tuple[str, tuple[str, ...]]], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for known, values in card if known == name for value in values))


def _registrar_id(entity: dict[str, Json]) -> str:
    for one in items(entity.get("publicIds")):
        if "registrar" in text(field(one, "type")).lower():
            return text(field(one, "identifier"))
    return ""
