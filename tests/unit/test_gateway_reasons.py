"""What the classifier gives as reasons is said in the reviewer's language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.classifier.domain import CATEGORIES, Policy, judge
from services.classifier.pictures.decoding import MALFORMED, TOO_LARGE, UNKNOWN
from services.classifier.pictures.ready import CRASHED, STOPPED, UNDECODED
from services.classifier.risk.policy import RISK_WEIGHTS, URGENCY_WEIGHTS
from services.classifier.risk.rules import RULES, Effect, apply
from services.classifier.signals import PictureSigns, Signals, SlangHit, TextSigns
from services.gateway.texts import LANGUAGES, MESSAGES, Texts
from shared.events.values import Match, Reason

NOW = datetime(2026, 1, 8, tzinfo=UTC)
MATCH = Match(
    picture_url="u", bank="agency", entry="x", algorithm="pdq", distance=12, variant="trimmed, mirrored",
    source="victim_report",
)  # fmt: skip
TEXT = TextSigns(
    score=0.4, slang=(SlangHit(term="lantern-1", category="c", weight=0.5),), personal={"phone": 1, "school": 2}
)
SIGNALS = Signals(
    host="board.test",
    site_kind="board",
    found_at=NOW,
    published_at=NOW,
    seen_on=4,
    videos=1,
    matches=(
        MATCH,
        MATCH.model_copy(update={"algorithm": "sha256", "distance": 0}),
        MATCH.model_copy(update={"share": 0.8}),
        *(MATCH.model_copy(update={"entry": str(number)}) for number in range(60)),
    ),
    harmless=(MATCH,),
    text=TEXT,
    looked_at=(
        PictureSigns(sha256="0" * 64, categories={"suspected_picture": 0.7}, minor=0.4, text=TEXT),
        PictureSigns(sha256="0" * 64, unread="it is gone"),
    ),
)
CODES = {
    "known-picture", "known-video", "known-harmless", "picture-model", "unread", "text-model", "picture-text", "slang",
    "victim-report", "personal-data", "minor", "spread", "new-upload", "rule",
}  # fmt: skip
JUDGED = apply([("watch 2", Effect(flag=True))], judge(SIGNALS, Policy()), Policy())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_its_sentence(language: str) -> None:
    texts = Texts(language)
    for reason in JUDGED.reasons:
        assert (
            texts.reason(reason) != texts.reason(reason.model_copy(update={"code": "unheard-of"})) or language == "en"
        )
        assert texts.word("reason", reason.code) != reason.code
    assert {reason.code for reason in JUDGED.reasons} >= CODES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_component_and_category_has_its_word(language: str) -> None:
    for section, codes in (
        ("component", [*RISK_WEIGHTS, *URGENCY_WEIGHTS, RULES]),
        ("category", [name for name, _ in CATEGORIES]),
        ("effect", list(Effect.model_fields)),
        ("unread", [UNDECODED, CRASHED, TOO_LARGE, MALFORMED, UNKNOWN, *STOPPED.values()]),
    ):
        assert [code for code in codes if f"{section}.{code}" not in MESSAGES[language]] == []


def test_codes_in_a_sentence_are_words() -> None:
    korean = " ".join(map(Texts("ko").reason, JUDGED.reasons))
    assert "전화번호, 학교" in korean
    assert "(테두리 제외, 좌우 반전)" in korean


def test_a_video_known_in_any_way_has_its_sentence() -> None:
    for how in ("digest", "bits", "frames"):
        values = {
            "picture": "1",
            "bank": "b",
            "entry": "e",
            "distance": "1",
            "bits": "256",
            "variant": "",
            "share": "9",
        }
        reason = Reason(code="known-video", text="as written", weight=0.5, values={**values, "how": how})
        assert "영상 1" in Texts("ko").reason(reason)


@pytest.mark.parametrize(
    ("code", "values", "said"),
    [
        ("unread", {"count": "2", "why": "it begins as its format does, and cannot be decoded"}, "해독되지 않음"),
        ("unread", {"count": "2", "why": "a word of tomorrow"}, "a word of tomorrow"),
        ("rule", {"rule": "watch 3", "effect": "raise_to 0.8, flag"}, "위험도 최소 0.8, 사건으로 올림"),
        ("rule", {"rule": "watch 3", "effect": "set_category escalated"}, "종류 escalated"),
        ("rule", {"rule": "watch 3", "effect": "quicken 2"}, "quicken 2"),
    ],
)
def test_what_others_say_in_codes_is_said_in_words(code: str, values: dict[str, str], said: str) -> None:
    reason = Reason(code=code, text="as written", weight=0.0, values=values)
    assert said in Texts("ko").reason(reason)


@pytest.mark.parametrize("values", [{}, {"how": "bits"}, {"how": "never"}, {"how": "bits", "picture": "{x}"}])
def test_what_is_not_understood_is_said_as_it_was_written(values: dict[str, str]) -> None:
    reason = Reason(code="known-picture", text="as it was written", weight=0.5, values=values)
    assert Texts("ko").reason(reason) == "as it was written"
