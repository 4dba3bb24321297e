"""What lines of custody add up to, and what each file of the evidence is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haetae_verify.canonical import moment
from services.gateway.evidence.files import covered, kind, paintable, pairs, stand_in
from services.gateway.evidence.forgetting import forget
from services.gateway.evidence.standing import standing
from services.gateway.pages import size
from services.gateway.store import Case
from shared.events import CustodyAction
from shared.events.examples import ASSESSMENT, CASE, FINDING
from shared.events.values import SealedObject
from tests.support.custody import AT, WORDS, told

HELD, RELEASED = CustodyAction.HELD, CustodyAction.RELEASED
OTHER = {**WORDS, "order_id": "7c1b0f5e-0000-5000-8000-000000000002"}


def lines(*steps: tuple[CustodyAction, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**event.model_dump(mode="json"), "at": moment(event.at)} for event in told(CASE, *steps)]


def sealed(*names: str) -> tuple[SealedObject, ...]:
    types = {"jpg": "image/jpeg", "svg": "image/svg+xml", "html": "text/html"}
    return tuple(
        SealedObject(name=name, sha256="a" * 64, bytes=1, media_type=types[name.rpartition(".")[2]]) for name in names
    )


def test_several_holds_end_one_by_one() -> None:
    both = [(HELD, {**WORDS, "until": None}), (HELD, {**OTHER, "until": None})]
    assert len(standing(lines(*both), AT).holds) == 2
    one = standing(lines(*both, (RELEASED, {**WORDS, "hold": WORDS["order_id"]})), AT)
    assert [hold.order for hold in one.holds] == [OTHER["order_id"]]


def test_a_hold_ends_by_itself_on_its_day() -> None:
    held = lines((HELD, {**WORDS, "until": moment(AT + timedelta(days=1))}))
    assert len(standing(held, AT).holds) == 1
    assert standing(held, AT + timedelta(days=1)).holds == ()


def test_stamps_and_destruction_are_read_from_the_lines() -> None:
    stamp = {"authority": "one", "stamped_at": "2026-11-22T09:00:03.000Z"}
    found = standing(lines((CustodyAction.STAMPED, stamp), (CustodyAction.DESTROYED, WORDS)), AT)
    assert [(one.authority, one.at) for one in found.stamps] == [("one", stamp["stamped_at"])]
    assert found.destroyed is not None
    assert found.broken is None


values = st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=2), max_leaves=3)


@given(st.sampled_from(CustodyAction), st.dictionaries(st.sampled_from(["hold", "until", "order_id", "why"]), values))
def test_strange_details_break_no_page(action: CustodyAction, details: dict[str, Any]) -> None:
    line = {"seq": 1, "at": moment(AT), "actor": "evidence", "action": action.value, "details": details}
    assert standing([line], AT).broken == 1


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("page.wacz", "archive"),
        ("page.warc.gz", "archive"),
        ("picture-12.webp", "picture"),
        ("picture-12-blurred.jpg", "blurred"),
        ("screenshot-blurred.jpg", "blurred"),
        ("screenshot-redacted.jpg", "redacted"),
        ("step-rdap.json", "step"),
        ("layout.svg", "wireframe"),
        ("something.new", "other"),
    ],
)
def test_a_file_is_known_by_its_name(name: str, code: str) -> None:
    assert kind(name) == code


def test_the_redacted_screen_stands_for_the_screen_and_is_no_picture_of_its_own() -> None:
    objects = sealed(
        "screenshot.jpg", "screenshot-blurred.jpg", "screenshot-redacted.jpg", "screenshot-redacted-blurred.jpg",
        "screenshot-visible.jpg", "picture-1.jpg", "picture-1-blurred.jpg",
    )  # fmt: skip
    assert [item.name for item in pairs(objects)] == ["picture-1.jpg", "screenshot.jpg"]
    assert stand_in("screenshot.jpg", objects) == "screenshot-redacted.jpg"
    assert stand_in("screenshot.jpg", objects[:2]) == "screenshot-blurred.jpg"


def test_only_what_shows_nothing_is_shown_without_asking() -> None:
    objects = sealed("screenshot.jpg", "screenshot-visible.jpg", "picture-1.svg", "page.html", "layout.svg")
    assert [item.name for item in objects if covered(item)] == ["layout.svg"]
    assert [item.name for item in objects if paintable(item)] == [
        "screenshot.jpg", "screenshot-visible.jpg", "layout.svg",
    ]  # fmt: skip


def test_what_is_forgotten_is_what_the_page_said() -> None:
    case = Case(case_id=CASE, title=FINDING.title, finding=FINDING, assessment=ASSESSMENT, url=FINDING.url)
    forget(case)
    assert case.finding
    assert case.assessment
    left = case.finding.model_dump_json() + case.assessment.model_dump_json()
    assert FINDING.excerpt not in left
    assert FINDING.title not in left
    assert "agrees with bank" not in left
    assert case.finding.pictures == FINDING.pictures
    assert [reason.code for reason in case.assessment.reasons] == ["known-picture"]


@pytest.mark.parametrize(("count", "said"), [(812, "812 B"), (64_900, "63.4 KiB"), (2_200_000, "2.1 MiB")])
def test_sizes(count: int, said: str) -> None:
    assert size(count) == said
