"""Where a list goes on: what is written is read again, and nothing else is."""

from __future__ import annotations

import base64
import contextlib
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.api.cursors import cursor_of, key_of, moment, number, text, whole
from services.gateway.problems import Problem

CASE = UUID("8e03978e-40d5-43dd-bc93-6894a57f9324")


@settings(max_examples=50)
@given(st.floats(allow_nan=False, allow_infinity=False), st.uuids(), st.integers(-(2**63) + 1, 2**63 - 1))
def test_a_key_comes_back_as_it_was(rank: float, case_id: UUID, seq: int) -> None:
    at = datetime(2026, 11, 22, 10, 0, 0, 123, UTC)
    given = (rank, case_id, seq, at, "가")
    assert key_of(cursor_of(*given), number, UUID, whole, moment, text) == given


def sealed(json: str) -> str:
    return base64.urlsafe_b64encode(json.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "", "nonsense", "é", "a" * 400, sealed("{}"), sealed("[1]"), sealed(f'[NaN, "{CASE}"]'), sealed("[1, 2]"),
        sealed(f'[1e999, "{CASE}"]'), sealed(f'["1", "{CASE}"]'), sealed("[" * 200), sealed(f'[true, "{CASE}", 1]'),
    ],
)  # fmt: skip
def test_what_is_no_key_of_the_list_is_refused(cursor: str) -> None:
    with pytest.raises(Problem) as refused:
        key_of(cursor, number, UUID)
    assert (refused.value.status, refused.value.code, refused.value.field) == (422, "bad-after", "after")


@pytest.mark.parametrize("value", ["\\u0000", "\\ud800"])
def test_what_no_database_keeps_is_no_text(value: str) -> None:
    with pytest.raises(Problem):
        key_of(sealed(f'["{value}"]'), text)


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_nothing_that_comes_in_breaks_it(cursor: str) -> None:
    with contextlib.suppress(Problem):
        key_of(cursor, number, UUID)
