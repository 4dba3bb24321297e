"""Risk and reasons: what is flagged, and what the reviewer is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.domain import KNOWN_CONTENT, SUSPECTED_TEXT, Policy, assess, worth
from shared.events.examples import FINDING
from shared.events.values import Match

POLICY = Policy()


def match(distance: int = 4, algorithm: str = "pdq", entry: str = "x", variant: str = "original") -> Match:
    return Match(
        picture_url=FINDING.pictures[0].url,
        bank="agency",
        entry=entry,
        algorithm=algorithm,
        distance=distance,
        variant=variant,
    )


def test_harmless_content_is_not_flagged() -> None:
    assert assess(FINDING, [], 0.49, POLICY) is None
    assert assess(FINDING, [match(70)], 0.1, POLICY) is None


def test_the_same_file_is_certain() -> None:
    assessment = assess(FINDING, [match(0, "sha256")], 0.0, POLICY)
    assert assessment
    assert (assessment.category, assessment.risk.score) == (KNOWN_CONTENT, 1.0)
    assert [r.text for r in assessment.reasons] == [
        "Picture 1 agrees with bank 'agency', entry 'x': the file is the same, byte for byte."
    ]


def test_a_near_picture_is_explained() -> None:
    assessment = assess(FINDING, [match(4, variant="mirrored")], 0.0, POLICY)
    assert assessment
    (reason,) = assessment.reasons
    assert reason.text == "Picture 1 agrees with bank 'agency', entry 'x': 4 of 256 bits differ (mirrored)."
    assert reason.weight == assessment.risk.score == assessment.risk.components["known_picture"]


def test_text_alone_is_flagged_and_explained() -> None:
    assessment = assess(FINDING, [], 0.93, POLICY)
    assert assessment
    assert (assessment.category, assessment.risk.score) == (SUSPECTED_TEXT, pytest.approx(0.93))
    assert assessment.reasons[0].text == "The text model rates the page's text 0.93 of 1."


def test_two_weak_signs_make_a_case_together() -> None:
    assert assess(FINDING, [match(58)], 0.0, POLICY) is None
    assert assess(FINDING, [], 0.3, POLICY) is None
    assert assess(FINDING, [match(58)], 0.3, POLICY)


@pytest.mark.parametrize(("distance", "flagged"), [(31, True), (45, True), (50, True), (56, False), (90, False)])
def test_agreement_alone_suffices_up_to_where_photographs_show_it(distance: int, flagged: bool) -> None:
    assert bool(assess(FINDING, [match(distance)], 0.0, POLICY)) is flagged


@given(st.integers(0, 255))
def test_more_differing_bits_are_never_worth_more(distance: int) -> None:
    assert 0 <= worth(match(distance + 1)) <= worth(match(distance)) <= 1


@given(st.lists(st.integers(0, 90), max_size=80), st.floats(0, 1))
def test_evidence_never_lowers_the_risk(distances: list[int], text: float) -> None:
    matches = [match(d, entry=str(n)) for n, d in enumerate(distances)]
    all_ = assess(FINDING, matches, text, Policy(flag_from=0))
    fewer = assess(FINDING, matches[1:], text, Policy(flag_from=0))
    assert all_
    assert fewer
    assert all_.risk.score >= fewer.risk.score
    assert list(all_.matches) == sorted(all_.matches, key=worth, reverse=True)


def test_more_matches_than_travel_are_counted() -> None:
    assessment = assess(FINDING, [match(1, entry=str(n)) for n in range(60)], 0.0, POLICY)
    assert assessment
    assert len(assessment.matches) == 50
    assert assessment.reasons[-1].text == "10 further agreements are weaker."


def test_an_agency_sets_its_own_threshold() -> None:
    assert assess(FINDING, [], 0.6, Policy(flag_from=0.7)) is None
