"""Only a hard answer without the content, for page and pictures, from every vantage, is a removal."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crawler.removals.removal import (
    LEAST_FAVOURABLE,
    Answer,
    compared,
    judge_page,
    judge_picture,
    judge_video,
    least_favourable,
)
from shared.events.values import Probe, ProbeOutcome, Video
from shared.pages.text_share import text_share
from shared.pages.walls import Wall, Walled
from tests.support.findings import TEXT, finding, picture

PRESENT, SOFT, REPLACED, WALLED, UNREACHABLE, GONE = LEAST_FAVOURABLE
LOGIN, SOFT_404 = Walled(Wall.LOGIN, "a form"), Walled(Wall.SOFT_404, "it says so")
URL = "http://board.test/post/1"
PICTURE = picture()
FINDING = finding(pictures=(PICTURE,))
KOREAN = "등불 소포는 일곱 번째 문에서 기다립니다. 저녁 종이 울리기 전에 파란 표를 가져오세요."


def page(status: int | None, text: str = "", **more: object) -> Answer:
    return Answer(URL, "honest", status, text=text, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (page(200, TEXT), PRESENT),
        (page(200, TEXT.upper().replace(" ", "\n")), PRESENT),
        (page(200, "header " + TEXT[: len(TEXT) // 2]), PRESENT),
        (page(200, "other", shown=frozenset({PICTURE.url})), PRESENT),
        (page(404, TEXT), PRESENT),
        (page(410, "", shown=frozenset({PICTURE.url})), PRESENT),
        (page(200, "This post has been deleted."), SOFT),
        (page(200, ""), SOFT),
        (page(302, ""), SOFT),
        (page(404, "Not found"), GONE),
        (page(410), GONE),
        (page(451), GONE),
        (page(None, error="no whole answer within 10 s"), UNREACHABLE),
        (page(400), UNREACHABLE),
        (page(401), UNREACHABLE),
        (page(403), UNREACHABLE),
        (page(429), UNREACHABLE),
        (page(500), UNREACHABLE),
        (page(503), UNREACHABLE),
        (page(200, "Another post", says_something=True), REPLACED),
        (page(200, "Not found", says_something=True, wall=SOFT_404), SOFT),
        (page(200, "Log in", wall=LOGIN), WALLED),
        (page(404, "Log in", wall=LOGIN), WALLED),
        (page(429, wall=Walled(Wall.RATE_LIMIT, "status 429")), WALLED),
        (page(200, TEXT, wall=LOGIN), PRESENT),
        (page(404, "Gone", pictures=(PICTURE,)), PRESENT),
        (page(404, "Gone", pictures=(picture(size=128),)), PRESENT),
        (page(404, "Gone", pictures=(picture(seed=2),)), GONE),
    ],
)
def test_pages(answer: Answer, outcome: ProbeOutcome) -> None:
    probe = judge_page(answer, FINDING)
    assert probe.outcome is outcome, probe.why
    assert (probe.url, probe.vantage, probe.status) == (URL, "honest", answer.status)
    assert probe.why


def test_the_frame_of_a_site_on_its_tombstone_proves_nothing() -> None:
    boilerplate = "Replies: none yet. Written by"
    assert judge_page(page(410, boilerplate), finding(text=f"{TEXT} {boilerplate}")).outcome is GONE


def test_a_finding_without_text_is_judged_by_its_pictures() -> None:
    assert judge_page(page(200, "hello"), finding(text="", pictures=(PICTURE,))).outcome is SOFT
    assert judge_page(page(404, "hello"), finding(text="", pictures=(PICTURE,))).outcome is GONE


@pytest.mark.parametrize(
    ("status", "got", "outcome"),
    [
        (200, picture(), PRESENT),
        (200, picture(quality=30), PRESENT),
        (200, picture(size=128), PRESENT),
        (404, picture(), PRESENT),
        (200, picture(seed=2), REPLACED),
        (200, None, SOFT),
        (404, None, GONE),
        (410, picture(seed=2), REPLACED),
        (410, picture(seed=2, size=128), GONE),
        (403, None, UNREACHABLE),
        (None, None, UNREACHABLE),
    ],
)
def test_pictures(status: int | None, got: object, outcome: ProbeOutcome) -> None:
    answer = Answer(PICTURE.url, "browser", status, picture=got)  # type: ignore[arg-type]
    assert judge_picture(answer, PICTURE).outcome is outcome


def test_a_file_with_a_status_of_removal_is_no_removal() -> None:
    assert judge_picture(Answer(PICTURE.url, "browser", 404, is_file=True), PICTURE).outcome is SOFT
    assert judge_page(Answer("http://board.test/1", "browser", 410, is_file=True), finding()).outcome is REPLACED


def test_flat_pictures_agree_by_their_file_only() -> None:
    """The hash of a flat picture is near that of every other."""
    flat = PICTURE.model_copy(update={"pdq_quality": 0})
    other = flat.model_copy(update={"sha256": "0" * 64})
    assert judge_picture(Answer(flat.url, "honest", 200, picture=other), flat).outcome is REPLACED
    assert judge_picture(Answer(flat.url, "honest", 200, picture=flat), flat).outcome is PRESENT


@pytest.mark.parametrize(
    ("status", "sha256", "outcome"),
    [(200, "a", PRESENT), (404, "a", PRESENT), (200, "b", REPLACED), (404, "b", GONE), (None, "c", UNREACHABLE)],
)
def test_videos_by_their_file(status: int | None, sha256: str, outcome: ProbeOutcome) -> None:
    wanted = Video(url="http://board.test/1.mp4", sha256="a" * 64, bytes=1)
    assert judge_video(Answer(wanted.url, "honest", status, sha256=sha256 * 64), wanted).outcome is outcome


def test_a_probe_carries_its_proof() -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    answer = Answer(URL, "honest", 404, method="browser", seen_at=at, address="1.2.3.4", exit="kr", sha256="a" * 64)
    proof = judge_page(answer, FINDING)
    assert (proof.method, proof.seen_at, proof.address, proof.exit, proof.sha256) == (
        "browser", at, "1.2.3.4", "kr", "a" * 64,
    )  # fmt: skip


def probe(outcome: ProbeOutcome, vantage: str = "honest", url: str = URL) -> Probe:
    return Probe(url=url, vantage=vantage, status=None, outcome=outcome, why="why")


def test_gone_for_one_visitor_only_is_a_pretence() -> None:
    probes = compared([probe(GONE, "honest"), probe(PRESENT, "browser"), probe(GONE, url=PICTURE.url)])
    assert [one.outcome for one in probes] == [SOFT, SOFT, GONE]
    assert "another visitor" in probes[0].why
    assert [one.by_itself for one in probes] == [GONE, PRESENT, None]


@given(st.lists(st.sampled_from(list(ProbeOutcome)), max_size=6))
def test_one_probe_that_is_not_gone_is_enough(outcomes: list[ProbeOutcome]) -> None:
    result = least_favourable([probe(outcome) for outcome in outcomes])
    assert (result is GONE) == (bool(outcomes) and set(outcomes) == {GONE})
    for worse in LEAST_FAVOURABLE[:-1]:
        if worse in outcomes:
            assert result is worse
            break


@pytest.mark.parametrize("text", [TEXT, KOREAN])
def test_shares(text: str) -> None:
    assert text_share(text, f"before {text} after") == 1.0
    assert text_share(text, text[len(text) // 3 :]) > 0.3
    assert text_share(text, "Something else altogether, 전혀 다른 이야기") == 0.0
    assert text_share("", text) == text_share("a b c", "a b c") == 0.0


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_breaks_the_share(excerpt: str, text: str) -> None:
    assert 0 <= text_share(excerpt, text) <= 1
