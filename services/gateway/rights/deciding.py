"""Who may do what to what: the Cedar policies of `policies/`, asked.

`roles.cedar` says which role has which right, `conditions.cedar` what no role overrides. Fails closed: what no policy
permits is refused, and so is what a policy could not be evaluated for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cedarpy

from services.gateway.accounts import Account
from services.gateway.problems import Problem
from services.gateway.rights.vocabulary import Right, Role
from services.gateway.sessions import Visitor

POLICIES = Path(__file__).parent / "policies"
SCHEMA = (POLICIES / "schema.cedarschema").read_text()
TEXT = "\n".join((POLICIES / name).read_text() for name in ("roles.cedar", "conditions.cedar"))
KINDS = 512  # kinds of visitors whose plain rights are kept: there are some dozens of combinations of roles and scopes
ATTRIBUTES = ("agency", "proposed_by")  # texts of a thing that a policy may ask for
NO_RIGHT = "no-right"

_schema = cedarpy.Schema.from_str(SCHEMA)
_policies = cedarpy.PolicySet.from_str(TEXT)


@dataclass(frozen=True)
class Kind:
    """All of a visitor that a right as such depends on."""

    roles: tuple[str, ...]
    scripted: bool
    scopes: frozenset[str] | None


def kind_of(visitor: Visitor) -> Kind:
    return _kind(visitor.account, visitor.scopes)


def _kind(account: Account, scopes: frozenset[str] | None) -> Kind:
    """A service whose scopes are not known has none."""
    if scopes is None and Role.SERVICE in account.roles:
        scopes = frozenset()
    return Kind(tuple(sorted(account.roles)), account.scripted, scopes)


def holds(visitor: Visitor, right: Right) -> bool:
    """Whether the visitor has the right as such, as far as no case has a say in it."""
    return _holds(kind_of(visitor), right)


def account_holds(account: Account, right: Right) -> bool:
    """The same of an account that nobody has a session of yet."""
    return _holds(_kind(account, None), right)


def rights_of(visitor: Visitor) -> list[Right]:
    return [right for right in Right if holds(visitor, right)]


def permit(visitor: Visitor, right: Right, resource: Mapping[str, object]) -> None:
    """`resource`: what is known of the thing, see `schema.cedarschema`; None is not known.

    Raises `Problem`: 404 for what is another agency's (it is not there for this one), else 403 whose code is the name
    of the policy that forbids it, "no-right" when none permits it.
    """
    account = visitor.account
    refused = refusal(kind_of(visitor), account.pseudonym, account.agency, right, resource)
    if refused == "another-agency":
        raise Problem(404, "no-case")
    if refused:
        raise Problem(403, refused, right=right)


def refusal(kind: Kind, pseudonym: str, agency: str, right: Right, resource: Mapping[str, object]) -> str | None:
    """Why not, None when it is permitted."""
    request = {
        "principal": {"type": "Person", "id": pseudonym},
        "action": {"type": "Action", "id": right.value},
        "resource": {"type": "Thing", "id": "thing"},
        "context": {"right": right.value},
    }
    person: dict[str, Any] = {"pseudonym": pseudonym, "agency": agency, "scripted": kind.scripted}
    if kind.scopes is not None:
        person["scopes"] = sorted(kind.scopes)
    entities = [
        entity("Person", pseudonym, person, kind.roles),
        entity("Thing", "thing", dict(_attributes(resource)), ()),
        *(entity("Role", role, {}, ()) for role in kind.roles),
    ]
    answer = cedarpy.is_authorized(request, _policies, entities, _schema)
    if answer.diagnostics.errors or answer.decision is cedarpy.Decision.NoDecision:
        raise ValueError(f"policies cannot be evaluated for {right.value}: {answer.diagnostics.errors}")
    if answer.allowed:
        return None
    named = answer.diagnostics.id_annotations_by_reason
    return min((named[one] for one in answer.diagnostics.reasons), key=_first, default=NO_RIGHT)


def entity(kind: str, name: str, attributes: Mapping[str, object], parents: Iterable[str]) -> dict[str, Any]:
    above = [{"type": "Role", "id": parent} for parent in parents]
    return {"uid": {"type": kind, "id": name}, "attrs": attributes, "parents": above}


def _attributes(resource: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    for name, value in resource.items():
        if value is None:
            continue
        if name not in ATTRIBUTES or not isinstance(value, str):
            raise TypeError(f"resource: {name!r} is nothing that a policy asks for, or no text")
        yield name, value


def _first(code: str) -> int:
    """Of several prohibitions the one that stands first: what is another agency's is not there at all."""
    return TEXT.index(f'"{code}"')


@lru_cache(KINDS)
def _holds(kind: Kind, right: Right) -> bool:
    return refusal(kind, "anybody", "any", right, {}) is None
