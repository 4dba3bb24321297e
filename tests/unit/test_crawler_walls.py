"""Walls are recognised in seven languages, and what only mentions one is content."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pages.walls import SIGNS, Wall, login_redirect, wall_of
from tests.support.walls import NEAR_MISSES, URL, WALLS, Served


@pytest.mark.parametrize(("wall", "served"), [(wall, one) for wall, served in WALLS.items() for one in served])
def test_walls(wall: Wall, served: Served) -> None:
    walled = served.wall()
    assert walled is not None
    assert walled.wall is wall, str(walled)
    assert str(walled).startswith(f"wall: {wall} — ")


@pytest.mark.parametrize(("wall", "served"), [(wall, one) for wall, served in NEAR_MISSES.items() for one in served])
def test_near_misses(wall: Wall, served: Served) -> None:
    assert served.wall() is None


def test_every_wall_has_ten_fixtures_and_ten_near_misses() -> None:
    for wall in Wall:
        assert len(WALLS[wall]) >= 10 <= len(NEAR_MISSES[wall])


def test_no_phrase_is_so_short_that_it_is_everywhere() -> None:
    for wall, signs in SIGNS.items():
        assert min(map(len, signs.says), default=4) >= 4, wall


@pytest.mark.parametrize(
    ("target", "is_wall"),
    [
        ("http://harbour-board.test/login?next=%2Fpost%2F41", True),
        ("http://harbour-board.test/accounts/login/", True),
        ("http://harbour-board.test/bbs/login.php?url=x", True),
        ("http://harbour-board.test/member/LoginForm.do", True),
        ("http://id.test/sso", True),
        ("http://harbour-board.test/post/41/", False),
        ("http://harbour-board.test/login-problems-since-monday", False),
        ("http://harbour-board.test/signing/41", False),
        ("http://harbour-board.test/logging", False),
    ],
)
def test_redirects_to_a_login_page(target: str, is_wall: bool) -> None:
    assert bool(login_redirect(URL, target)) is is_wall
    assert login_redirect("http://harbour-board.test/login", target) is None


@given(st.integers(100, 599), st.text(max_size=300), st.text(max_size=100))
def test_no_page_breaks_it(status: int, body: str, title: str) -> None:
    Served(title, body, status).wall()


def test_an_answer_that_was_not_read_is_judged_by_itself() -> None:
    assert wall_of(200, {}, URL, URL) is None
    walled = wall_of(429, {}, URL, URL)
    assert walled is not None
    assert walled.wall is Wall.RATE_LIMIT
