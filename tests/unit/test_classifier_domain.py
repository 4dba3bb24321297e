"""Risk, urgency and reasons: what is flagged, and what the reviewer is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.domain import (
    KNOWN_CONTENT,
    SUSPECTED_PICTURE,
    SUSPECTED_TEXT,
    Judgement,
    Policy,
    assessment_of,
    judge,
    places_of,
)
from services.classifier.risk.components import DIGITS
from services.classifier.risk.policy import RISK_WEIGHTS, URGENCY_WEIGHTS, PolicyInvalid
from services.classifier.risk.worth import worth
from services.classifier.signals import PictureSigns, Signals, SlangHit, TextSigns
from shared.events.examples import FINDING
from shared.events.values import Match, Video
from shared.prints.confirm import ALONE, SECOND

POLICY = Policy()
NOW = datetime(2026, 1, 8, tzinfo=UTC)
PICTURE = FINDING.pictures[0].url
LANTERN = "lantern-1"  # a stand-in term of a lexicon


def match(distance: int = 4, algorithm: str = "pdq", entry: str = "x", **more: object) -> Match:
    values = {"picture_url": PICTURE, "bank": "agency", "variant": "original", **more}
    return Match.model_validate({**values, "entry": entry, "algorithm": algorithm, "distance": distance})


def signals(*matches: Match, text: float = 0.0, **more: object) -> Signals:
    values = {"host": "board.test", "site_kind": "board", "found_at": NOW, "text": TextSigns(score=text), **more}
    return Signals.model_validate({**values, "matches": matches})


def judged(*matches: Match, text: float = 0.0, policy: Policy = POLICY, **more: object) -> Judgement:
    return judge(signals(*matches, text=text, **more), policy, places_of(FINDING))


def seen(**more: object) -> PictureSigns:
    return PictureSigns.model_validate({"sha256": "0" * 64, **more})


def test_harmless_content_is_not_flagged() -> None:
    assert not judged(text=0.49).flagged
    assert not judged(match(70), text=0.1).flagged
    assert judged().risk.components == {}


@pytest.mark.parametrize(
    ("distance", "second", "flagged"),
    [(ALONE, None, True), (ALONE + 1, None, False), (60, SECOND, True), (60, SECOND + 1, False)],
)
def test_what_lies_far_needs_a_second_hash(distance: int, second: int | None, flagged: bool) -> None:
    assert judged(match(distance, second=second)).flagged is flagged


def test_the_same_file_is_certain() -> None:
    judgement = judged(match(0, "sha256"))
    assert (judgement.category, judgement.risk.score, judgement.flagged) == (KNOWN_CONTENT, 1.0, True)
    assert [r.text for r in judgement.reasons] == [
        "Picture 1 agrees with bank 'agency', entry 'x': the file is the same, byte for byte."
    ]


def test_a_near_picture_is_explained() -> None:
    judgement = judged(match(4, variant="mirrored"))
    (reason,) = judgement.reasons
    assert reason.text == "Picture 1 agrees with bank 'agency', entry 'x': 4 of 256 bits differ (mirrored)."
    assert (reason.values["distance"], reason.values["bits"]) == ("4", "256")
    assert judgement.risk.score == judgement.risk.components["known_picture"] == pytest.approx(reason.weight, abs=1e-4)


def test_text_alone_is_flagged_and_explained() -> None:
    judgement = judged(text=0.93)
    assert (judgement.category, judgement.risk.score) == (SUSPECTED_TEXT, pytest.approx(0.93))
    assert judgement.reasons[0].text == "The text model rates the page's text 0.93 of 1."


def test_two_weak_signs_make_a_case_together() -> None:
    assert not judged(match(58)).flagged
    assert not judged(text=0.3).flagged
    assert judged(match(58), text=0.3).flagged


@pytest.mark.parametrize(("distance", "flagged"), [(31, True), (45, True), (50, True), (56, False), (90, False)])
def test_agreement_alone_suffices_up_to_where_photographs_show_it(distance: int, flagged: bool) -> None:
    assert judged(match(distance)).flagged is flagged


@pytest.mark.parametrize(("second", "flagged"), [(None, False), (13, False), (12, True), (0, True)])
def test_beyond_that_a_second_hash_has_to_agree(second: int | None, flagged: bool) -> None:
    judgement = judged(match(58, second=second))
    assert judgement.flagged is flagged
    assert ("second_sign" in judgement.risk.components) is flagged


def test_a_hash_of_another_kind_is_a_second_sign_of_its_own_entry_alone() -> None:
    assert judged(match(58), match(5, "phash")).risk.components["second_sign"] > 0
    assert "second_sign" not in judged(match(58), match(60, entry="y")).risk.components
    assert "second_sign" not in judged(match(58), match(8, "phash", entry="y")).risk.components


def test_a_second_listed_picture_counts_half() -> None:
    other = match(58, picture_url="http://board.test/2.jpg", entry="y")
    judgement = judged(match(58), other)
    assert judgement.risk.components["further_picture"] == pytest.approx(worth(other) / 2, abs=1e-4)


def test_phash_alone_never_decides_at_the_edge() -> None:
    assert worth(match(11, "phash")) < POLICY.flag_from <= worth(match(0, "phash"))


def test_a_video_counts_by_the_share_of_its_frames() -> None:
    assert worth(match(10, share=0.25)) == pytest.approx(worth(match(10)) / 2)
    assert worth(match(10, share=0.9)) == worth(match(10))
    reason = judged(match(10, share=0.75)).reasons[0]
    assert (reason.code, reason.values["share"]) == ("known-video", "75")


def test_a_video_is_called_a_video_whatever_of_it_agrees() -> None:
    video = Video(url="http://board.test/1.mp4", sha256="0" * 64, bytes=1)
    places = places_of(FINDING.model_copy(update={"videos": (video,)}))
    agreements = (match(0, "sha256"), match(3), match(3, share=0.8))
    found = [one.model_copy(update={"picture_url": video.url}) for one in agreements]
    judgement = judge(signals(*found, harmless=found[:1]), POLICY, places)
    assert {reason.code for reason in judgement.reasons if reason.code.startswith("known")} == {
        "known-video",
        "known-harmless",
    }
    assert all(reason.text.startswith("Video 1 ") for reason in judgement.reasons if reason.code.startswith("known"))


def test_a_lexicon_alone_makes_no_case() -> None:
    hits = (SlangHit(term=LANTERN, category="stand-in", weight=1.0),) * 3
    judgement = judge(signals().model_copy(update={"text": TextSigns(slang=hits)}), POLICY)
    assert not judgement.flagged
    assert judgement.reasons[0].values["terms"] == ", ".join([LANTERN] * 3)
    assert judge(signals().model_copy(update={"text": TextSigns(score=0.2, slang=hits)}), POLICY).flagged


def test_a_picture_model_makes_a_case_and_says_what_it_saw() -> None:
    judgement = judged(looked_at=(seen(categories={"stand-in": 0.9, "other": 0.1}),))
    assert (judgement.category, judgement.flagged) == (SUSPECTED_PICTURE, True)
    assert judgement.reasons[0].text == "The picture model rates a picture 0.90 of 1 for 'stand-in'."


def test_what_was_not_seen_is_said() -> None:
    judgement = judged(match(), looked_at=(seen(unread="it is gone"), seen(unread="it is gone")))
    assert judgement.reasons[-1].text == "2 of the pictures were not seen by the picture model: it is gone."


def test_known_harmless_is_told_and_counts_nothing() -> None:
    judgement = judged(harmless=(match(3, bank="harmless"),))
    assert judgement.risk.score == 0
    assert judgement.reasons[0].code == "known-harmless"


@given(st.integers(0, 255))
def test_more_differing_bits_are_never_worth_more(distance: int) -> None:
    for algorithm in ("pdq", "phash"):
        assert 0 <= worth(match(distance + 1, algorithm)) <= worth(match(distance, algorithm)) <= 1


@given(st.lists(st.integers(0, 90), max_size=80), st.floats(0, 1))
def test_evidence_never_lowers_the_risk(distances: list[int], text: float) -> None:
    matches = [match(d, entry=str(n), picture_url=f"http://board.test/{n}") for n, d in enumerate(distances)]
    assert judged(*matches, text=text).risk.score >= judged(*matches[1:], text=text).risk.score - 10**-DIGITS
    travelling = assessment_of(judged(*matches), signals(*matches), {}).matches
    assert list(travelling) == sorted(travelling, key=worth, reverse=True)


def test_more_matches_than_travel_are_counted() -> None:
    matches = [match(1, entry=str(n)) for n in range(60)]
    judgement = judged(*matches)
    assert len(assessment_of(judgement, signals(*matches), {}).matches) == 50
    assert judgement.reasons[-1].text == "10 further agreements are weaker."


# --- urgency


def test_nothing_urgent_is_not_urgent() -> None:
    assert judged(match()).urgency.score == 0


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"seen_on": 4}, "spread"),
        ({"published_at": NOW - timedelta(hours=2)}, "new-upload"),
        ({"text": TextSigns(personal={"phone": 1})}, "personal-data"),
        ({"looked_at": (seen(minor=0.8),)}, "minor"),
        ({"matches": (match(source="victim_report"),)}, "victim-report"),
    ],
)
def test_what_makes_it_urgent_is_said(more: dict[str, object], code: str) -> None:
    judgement = judge(Signals.model_validate({**signals().model_dump(), **more}), POLICY)
    (component,) = judgement.urgency.components
    reason = next(one for one in judgement.reasons if one.code == code)
    assert reason.weight == judgement.urgency.components[component] == judgement.urgency.score > 0


def test_urgency_leaves_the_risk_alone() -> None:
    urgent = judged(match(40), seen_on=100, videos=3, published_at=NOW)
    assert urgent.risk == judged(match(40)).risk
    assert urgent.urgency.score > 0.7


@pytest.mark.parametrize(("age", "full"), [(-5, 1.0), (0, 1.0), (24, 1.0), (96, 0.5), (168, 0.0), (9999, 0.0)])
def test_newness_fades_within_a_week(age: float, full: float) -> None:
    score = judged(published_at=NOW - timedelta(hours=age)).urgency.score
    assert score == pytest.approx(full * URGENCY_WEIGHTS["new_upload"], abs=1e-3)


def test_by_a_phone_a_person_is_found_sooner_than_by_an_account() -> None:
    def urgency(**personal: int) -> float:
        return judge(signals().model_copy(update={"text": TextSigns(personal=personal)}), POLICY).urgency.score

    assert urgency(phone=1) > urgency(account=5) > urgency(account=0) == 0
    assert urgency(phone=1, school=1) > urgency(phone=9)


# --- policy


def test_an_agency_sets_its_own_threshold() -> None:
    assert not judged(text=0.6, policy=Policy(flag_from=0.7)).flagged
    assert judged(text=0.6, policy=Policy(flag_from=0.7, flag_from_by_category={SUSPECTED_TEXT: 0.55})).flagged


def test_what_is_urgent_may_be_looked_at_sooner() -> None:
    policy = Policy(urgent_from=0.3, flag_urgent_from=0.2)
    assert judged(text=0.3, seen_on=16, policy=policy).flagged
    assert not judged(text=0.3, seen_on=1, policy=policy).flagged
    assert not judged(text=0.3, seen_on=16).flagged


def test_a_weight_of_nothing_takes_a_component_out() -> None:
    assert judged(text=0.9, policy=Policy(weights={"text": 0.0})).risk.components == {}


def test_every_component_has_a_weight() -> None:
    everything = signals(
        match(58, second=1, source="victim_report"), match(58, picture_url="u", entry="y"), text=0.5
    ).model_copy(
        update={
            "text": TextSigns(score=0.5, slang=(SlangHit(term=LANTERN, category="c", weight=0.5),), personal={"x": 1}),
            "looked_at": (seen(categories={"c": 0.5}, minor=0.5, text=TextSigns(score=0.5)),),
            "seen_on": 3,
            "reports": 1,
            "videos": 1,
            "published_at": NOW,
        }
    )
    judgement = judge(everything, POLICY)
    assert set(judgement.risk.components) == set(RISK_WEIGHTS)
    assert set(judgement.urgency.components) == set(URGENCY_WEIGHTS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flag_from = 0", "flag_from: Input should be greater than 0"),
        ("flag_from = 'high'", "flag_from: Input should be a valid number"),
        ("weights.text = 2", "weights.text: Input should be less than or equal to 1"),
        ("weights.wording = 0.5", "weights: there is no component wording; give one of known_picture"),
        ("urgency_weights.speed = 0.5", "urgency_weights: there is no component speed"),
        ("flag_form = 0.5", "flag_form: Extra inputs"),
        ("flag_from = ", "the policy is no TOML"),
    ],
)
def test_a_wrong_policy_is_named(text: str, said: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        Policy.from_toml(text)
    assert said in str(refused.value)


def test_a_policy_may_say_only_what_differs() -> None:
    assert Policy.from_toml("weights.slang = 0.1").weight("slang") == 0.1
    assert Policy.from_toml("") == POLICY
