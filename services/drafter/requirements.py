"""Proof that a notice has what the law asks: each field with the words that satisfy it."""

from collections.abc import Mapping, Sequence

from services.drafter.law import Demand
from shared.events.values import Requirement


def prove(
    demands: Sequence[Demand], fields: Mapping[str, str], body: str
) -> tuple[tuple[Requirement, ...], tuple[Demand, ...]]:
    """The proven requirements, and the demands that nothing in the body satisfies.

    `fields` are the words that the template wrote for each field; they count only where the body has them.
    """
    proven, missing = [], []
    for demand in demands:
        words = fields.get(demand.field, "").strip()
        if words and words in body:
            proven.append(Requirement(field=demand.field, source=demand.source, satisfied_by=words))
        else:
            missing.append(demand)
    return tuple(proven), tuple(missing)


def altered(body: str, lines: Sequence[str], spans: Sequence[str]) -> tuple[str, ...]:
    """Of the locked values, those that do not stand exactly: `lines` alone on a line, `spans` anywhere."""
    present = set(body.split("\n"))
    return tuple(line for line in lines if line not in present) + tuple(span for span in spans if span not in body)
