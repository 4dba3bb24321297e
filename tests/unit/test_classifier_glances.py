"""What a glance at a batch spares: never a pass that would have found something."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.texts.glances import glances
from services.classifier.texts.normalise import clean
from services.classifier.texts.personal.emails import emails
from services.classifier.texts.personal.phones import has_number, in_digits
from services.classifier.texts.unmasked import unmask

TRICKY = "aZа1а40@$ .-_*ㄱㅏ가사이๓o\u200b\u0301\n\ufeff\U000e0041🔥Ａ１[(at)일이삼0123456789"
TEXTS = st.lists(st.text(st.one_of(st.sampled_from(TRICKY), st.characters()), max_size=30), max_size=4)


@settings(max_examples=200)
@given(TEXTS)
def test_nothing_that_is_there_is_left_out(texts: list[str]) -> None:
    seen = glances(texts)
    assert len(seen) == len(texts)
    for text, glance in zip(texts, seen, strict=True):
        unmasked, cleaned = unmask(text), clean(text)
        assert glance.disguise or (unmasked.text, unmasked.disguised) == (cleaned, 0.0)
        if text == cleaned:
            assert glance.number or not has_number(in_digits(text))
            assert glance.mail or not emails(text, 9)


def test_lines_with_numbers_and_disguises_are_noticed_beside_others() -> None:
    hiding = [
        "the l4nt3rn",
        "l.a.n.t.e.r.n",
        "l a n t e r n",
        "lan\u200btern",
        "la🔥ntern",
        "lаntеrn",
        "ㄷㅡㅇ",
        "шa",
        "a\U000e0041b",
    ]
    plain = ["The lantern waits. - Kite, at 10:30!", "", "안녕 등불은 7번", "Фонарь ждёт", "chiếc đèn lồng"]
    numbers = ["call 010-1234-5678 now", "공일공 일이삼사 오육칠팔", "rook@board.test"]
    seen = glances([*plain, *hiding, *numbers])
    assert not any(any(glance) for glance in seen[:5])
    assert all(glance.disguise for glance in seen[5:14])
    assert [(glance.number, glance.mail) for glance in seen[14:]] == [(True, False), (True, False), (False, True)]
