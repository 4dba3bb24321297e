"""What the invariants over a whole house take for right, where no server is needed to say it."""

from __future__ import annotations

from uuid import UUID

import pytest

from chaos.invariants.answers import polite
from chaos.invariants.mails import Mail, words_of
from chaos.invariants.notices import Occasion, repeated

TO = "abuse@harbour-board.en.test"
WORDS = words_of(TO, "Request for removal", "Please remove it\n", ())
FIRST: Occasion = (UUID(int=1), TO, "first", 0)
AGAIN: Occasion = (UUID(int=1), TO, "reappeared", 1)


def mails(count: int) -> list[Mail]:
    return [Mail(f"mail {n}", TO, f"<{n}@agency.test>", WORDS[1], WORDS) for n in range(count)]


@pytest.mark.parametrize(("occasions", "count"), [({FIRST}, 1), ({FIRST, AGAIN}, 2), (set(), 3)])
def test_as_many_mails_as_occasions_are_no_repeat(occasions: set[Occasion], count: int) -> None:
    assert list(repeated(mails(count), {WORDS: occasions})) == []


@pytest.mark.parametrize("occasions", [{FIRST}, {FIRST, AGAIN}])
def test_one_mail_more_is_a_repeat_and_each_place_is_named(occasions: set[Occasion]) -> None:
    (said,) = repeated(mails(len(occasions) + 1), {WORDS: occasions})
    assert str(FIRST[0]) in said
    assert f"mail {len(occasions)}" in said


@pytest.mark.parametrize(
    ("status", "retry_after", "fine"),
    [
        (200, None, True), (303, None, True), (409, None, True), (429, "3", True), (503, "2", True), (503, 2, True),
        (None, None, True), (0, None, True),
        (503, None, False), (503, "", False), (500, "2", False), (502, None, False), (401, None, False),
        (404, None, False),
    ],
)  # fmt: skip
def test_only_these_refusals_are_polite(status: int | None, retry_after: object, fine: bool) -> None:
    assert polite({"status": status, "retry_after": retry_after}) is fine
