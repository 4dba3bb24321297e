"""Where an official can go from every page: the places that their rights open, in groups."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.rights.deciding import holds
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor


@dataclass(frozen=True)
class Place:
    """`name`: its key in the section `place` of the messages."""

    name: str
    path: str
    right: Right


@dataclass(frozen=True)
class Group:
    name: str
    places: Sequence[Place]


GROUPS = (
    Group(
        "work",
        (
            Place("queue", "/", Right.READ_CASES),
            Place("clusters", "/clusters", Right.DECIDE_CASES),
            Place("alerts", "/alerts", Right.READ_ALERTS),
            Place("reports", "/reports", Right.READ_REPORTS),
            Place("hashes", "/hashes/new", Right.SUBMIT_HASHES),
        ),
    ),
    Group(
        "house",
        (
            Place("confirmations", "/confirmations", Right.SECOND_LOOK),
            Place("transfers", "/transfers", Right.TRANSFER_CASES),
            Place("autosend", "/autosend", Right.READ_POLICIES),
            Place("providers", "/providers", Right.READ_PROVIDERS),
            Place("audit", "/audit", Right.READ_HISTORY),
            Place("people", "/people", Right.READ_PEOPLE),
            Place("figures", "/figures", Right.READ_FIGURES),
            Place("golden", "/golden", Right.KEEP_GOLDEN),
            Place("care_house", "/care/house", Right.READ_FIGURES),
            Place("care_limits", "/care/limits", Right.MANAGE_PEOPLE),
            Place("federation", "/federation", Right.READ_STATEMENTS),
            Place("webhooks", "/webhooks", Right.MANAGE_WEBHOOKS),
        ),
    ),
    Group(
        "me",
        (
            Place("account", "/me", Right.OWN_SETTINGS),
            Place("care", "/care", Right.OWN_SETTINGS),
            Place("shortcuts", "/shortcuts", Right.OWN_SETTINGS),
        ),
    ),
)


def places(visitor: Visitor) -> list[Group]:
    """Groups with at least one place."""
    mine = [Group(group.name, [one for one in group.places if open_to(visitor, one)]) for group in GROUPS]
    return [group for group in mine if group.places]


def open_to(visitor: Visitor, place: Place) -> bool:
    return holds(visitor, place.right)
