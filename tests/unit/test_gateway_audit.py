"""A removed, changed or reordered line is found."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.agencies.scoping import HOME
from services.gateway.audit import GENESIS, NAMED, Action, Line, next_line, of_agency, verify_chain, written

CHAIN, OTHER = UUID(int=7), UUID(int=8)
T0 = datetime(2026, 11, 22, 9, tzinfo=UTC)
details = st.dictionaries(
    st.text(max_size=8), st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.lists(st.text(max_size=5)))
)


def chain(contents: list[dict[str, Any]]) -> list[Line]:
    lines: list[Line] = []
    for number, content in enumerate(contents):
        head = lines[-1].hash if lines else GENESIS
        at = T0 + timedelta(seconds=number)
        lines.append(next_line(CHAIN, len(lines), head, at=at, actor="evidence", action=Action.SEALED, details=content))
    return lines


def kind(lines: list[Line], whole: list[Line]) -> str | None:
    broken = verify_chain(CHAIN, lines, len(whole), whole[-1].hash)
    return broken.kind if broken else None


chains = st.lists(details, min_size=2, max_size=6).map(chain)


@given(chains)
def test_an_untouched_chain_is_intact(lines: list[Line]) -> None:
    assert kind(lines, lines) is None


@given(chains, st.data())
def test_a_removed_line_is_found(lines: list[Line], data: st.DataObject) -> None:
    gone = data.draw(st.integers(0, len(lines) - 1))
    assert kind(lines[:gone] + lines[gone + 1 :], lines) == ("cut" if gone == len(lines) - 1 else "missing")


@given(chains, st.data())
def test_two_lines_in_each_others_place_are_found(lines: list[Line], data: st.DataObject) -> None:
    one = data.draw(st.integers(0, len(lines) - 2))
    swapped = list(lines)
    swapped[one], swapped[one + 1] = swapped[one + 1], swapped[one]
    assert kind(swapped, lines) == "missing"
    renumbered = [replace(line, seq=number) for number, line in enumerate(swapped, 1)]
    assert kind(renumbered, lines) == "changed"


@given(
    chains,
    st.data(),
    st.sampled_from(
        [
            {"actor": "somebody"},
            {"action": "case-rejected"},
            {"at": T0 - timedelta(microseconds=1)},
            {"details": {"changed": True}},
            {"prev_hash": "1" * 64},
            {"hash": "1" * 64},
            {"chain": OTHER},
        ]
    ),
)
def test_a_changed_field_is_found(lines: list[Line], data: st.DataObject, change: dict[str, Any]) -> None:
    place = data.draw(st.integers(0, len(lines) - 1))
    forged = [*lines[:place], replace(lines[place], **change), *lines[place + 1 :]]
    assert kind(forged, lines) == "changed"


@given(chains)
def test_a_chain_rewritten_to_its_end_does_not_meet_the_kept_head(lines: list[Line]) -> None:
    rewritten = chain([{"forged": True}, *(dict(line.details) for line in lines[1:])])
    assert verify_chain(CHAIN, rewritten, len(lines), lines[-1].hash) is not None


def test_the_documents_say_of_every_action_when_it_is_written() -> None:
    page = (Path(__file__).parents[2] / "docs/audit.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z-]+)` \| \S", page.partition("## What writes which line")[2], re.MULTILINE)
    assert sorted(told) == sorted(Action)


@pytest.mark.parametrize("agency", [HOME, "north"])
def test_a_line_is_of_one_agency(agency: str) -> None:
    """The first agency's lines are hashed as they were before there were others: not one of them reads as another's."""
    line = next_line(CHAIN, 0, GENESIS, at=T0, actor="a", action=Action.SEALED, details={}, agency=agency)
    assert (b"agency" in written(line)) is (agency != HOME)
    for other in (HOME, "north", "south"):
        moved = [replace(line, agency=other)]
        assert (verify_chain(CHAIN, moved, 1, line.hash) is None) is (other == agency)


def test_what_belongs_to_no_case_is_a_chain_an_agency() -> None:
    chains = {of_agency(chain, agency) for chain in NAMED for agency in (HOME, "north", "south")}
    assert len(chains) == 3 * len(NAMED)
    assert {of_agency(chain, HOME) for chain in NAMED} == set(NAMED)
    assert of_agency(CHAIN, "north") == CHAIN  # a case's goes with the case


def test_what_the_database_would_write_in_another_form_is_put_down_as_text() -> None:
    details = {"size": 1e16, "none": -0.0, "text": "a\0b\ud800", "some": (1, 0.5)}
    line = next_line(CHAIN, 0, GENESIS, at=T0, actor="gateway", action=Action.OPENED, details=details)
    assert line.details == {"size": "1e+16", "none": "-0.0", "text": "a\N{REPLACEMENT CHARACTER}b?", "some": [1, "0.5"]}
