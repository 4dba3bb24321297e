"""Which roles and which agency somebody has, by what the identity provider says of them: a TOML file of the operator.

name = "preferred_username"        # the claim that admins see on /people
agency = "home"                    # of everybody whom [agencies] does not place

[roles]
claim = "groups"                   # a list or a word; dots lead into objects: "realm_access.roles"
[roles.groups]
"centre-reviewers" = ["reviewer"]
"centre-heads" = ["supervisor", "agency-admin"]

[agencies]                         # optional
claim = "department"
[agencies.values]
"seoul" = "seoul"
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from services.gateway.people.rules import FOR_PEOPLE
from services.gateway.problems import Problem
from services.gateway.rights.vocabulary import Role
from shared.toml import read_toml

MAX_GROUPS = 1_000  # of one person; providers that send more cut the list themselves
MAX_NAME = 100


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RolesByGroup(Part):
    claim: Annotated[str, Field(min_length=1)]
    groups: Annotated[Mapping[str, tuple[Role, ...]], Field(min_length=1)]

    @field_validator("groups")
    @classmethod
    def of_people(cls, groups: Mapping[str, tuple[Role, ...]]) -> Mapping[str, tuple[Role, ...]]:
        for group, roles in groups.items():
            if not roles or any(role not in FOR_PEOPLE for role in roles):
                raise ValueError(f"{group!r}: give one or more of {', '.join(FOR_PEOPLE)}")
        return groups


class AgenciesByValue(Part):
    claim: Annotated[str, Field(min_length=1)]
    values: Mapping[str, str]


class Mapped(Part):
    """The whole file."""

    name: str = "preferred_username"
    agency: str | None = "home"
    roles: RolesByGroup
    agencies: AgenciesByValue | None = None


@dataclass(frozen=True)
class Known:
    """Who somebody is here."""

    roles: tuple[str, ...]
    agency: str
    name: str


def read_mapping(path: Path) -> Mapped:
    """Raises ValueError naming the file and what is wrong in it."""
    try:
        return Mapped.model_validate(read_toml(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        what = error.errors()[0] if isinstance(error, ValidationError) else None
        why = f"{'.'.join(map(str, what['loc']))}: {what['msg']}" if what else str(error)
        raise ValueError(f"HAETAE_OIDC_PEOPLE_FILE: {path}: {why}") from error


def known(mapped: Mapped, claims: Mapping[str, Any]) -> Known:
    """Pure. Raises `Problem` 403 "oidc-no-role" or "oidc-no-agency": whom nobody knows is not let in."""
    groups = words(claim(claims, mapped.roles.claim))
    roles = {role.value for group in groups for role in mapped.roles.groups.get(group, ())}
    if not roles:
        raise Problem(403, "oidc-no-role", claim=mapped.roles.claim)
    return Known(tuple(sorted(roles)), placed(mapped, claims), named(claim(claims, mapped.name)))


def placed(mapped: Mapped, claims: Mapping[str, Any]) -> str:
    by = mapped.agencies
    found = {by.values[value] for value in words(claim(claims, by.claim)) if value in by.values} if by else set()
    if len(found) > 1 or not (found or mapped.agency):
        raise Problem(403, "oidc-no-agency", claim=by.claim if by else "agency")
    return found.pop() if found else str(mapped.agency)


def claim(claims: Mapping[str, Any], name: str) -> object:
    """By its whole name (some are addresses), else step by step; None when there is none."""
    if name in claims:
        return claims[name]
    value: object = claims
    for step in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def words(value: object) -> list[str]:
    many = value if isinstance(value, list) else [value]
    return [one for one in many[:MAX_GROUPS] if isinstance(one, str)]


def named(value: object) -> str:
    return "".join(filter(str.isprintable, value))[:MAX_NAME] if isinstance(value, str) else ""
