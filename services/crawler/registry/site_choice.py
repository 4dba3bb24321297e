"""Which sites are meant: by name, or by what they have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import sqlalchemy as sa

# A host that does not answer or is to be left alone, or a start page that cannot be read: a wall, no way to it.
TROUBLED = """(
    coalesce(hosts.failures, 0) > 0 OR coalesce(hosts.hold_off_until > now(), false) OR start.problem IS NOT NULL
)"""
FROM_SITES = """
    FROM sites LEFT JOIN hosts USING (host) LEFT JOIN frontier AS start ON start.url = sites.start_url
"""
CONDITIONS = {
    "hosts": "sites.host = ANY(CAST(:hosts AS text[]))",
    "kind": "sites.kind = :kind",
    "country": "sites.country = :country",
    "language": "sites.language = :language",
    "legal_ground": "sites.legal_ground = :legal_ground",
    "paused": "sites.paused = :paused",
    "troubled": f"{TROUBLED} = :troubled",
}


@dataclass(frozen=True)
class Choice:
    """All that is given must hold; nothing given means every site. `troubled`: see `TROUBLED`."""

    hosts: Sequence[str] | None = None
    kind: str | None = None
    country: str | None = None
    language: str | None = None
    legal_ground: str | None = None
    paused: bool | None = None
    troubled: bool | None = None

    @property
    def values(self) -> Mapping[str, object]:
        """What was given."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def where(self) -> str:
        return " AND ".join(["true", *(CONDITIONS[name] for name in self.values)])


EVERY = Choice()


def hosts_of(choice: Choice) -> sa.TextClause:
    """The hosts of the sites that are meant, to be executed with `choice.values`."""
    return sa.text(f"SELECT sites.host {FROM_SITES} WHERE {choice.where} ORDER BY sites.host")
