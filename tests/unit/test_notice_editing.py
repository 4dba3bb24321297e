"""What a person may change of a notice, and what not."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.notices.editing import MAX_BODY, MOST_COMPARED, edited, words_changed
from services.gateway.problems import Problem
from shared.events import NoticeDrafted
from shared.events.examples import EXAMPLES
from shared.events.values import Notice, Requirement
from shared.notices import notice_digest, sealed

URL, DIGEST, REFERENCE = "http://harbour-board.en.test/post/41", "5f" * 32, "HT-ABCDEFG2"
LAW = "The operator declares that the above is correct."
SEEN = "2026-11-22 09:00:03 UTC"
BODY = f"Dear sirs,\n\nPlease remove {URL}\n(SHA-256 {DIGEST}), seen on {SEEN}.\n{LAW}\n\nDesk {REFERENCE}\n"
SUBJECT = f"[Haetae {REFERENCE}] Request for removal"


def notice(**more: object) -> Notice:
    example = EXAMPLES[NoticeDrafted]
    assert isinstance(example, NoticeDrafted)
    proof = Requirement(field="declaration", source="DSA 16(2)(d)", satisfied_by=LAW)
    words = {"subject": SUBJECT, "body": BODY, "requirements": (proof,), "fields": {}, **more}
    return sealed(example.notices[0].model_copy(update=words))


def refused(change: Callable[[str], str], subject: str = SUBJECT) -> str:
    with pytest.raises(Problem) as caught:
        edited(notice(), subject, change(BODY))
    return caught.value.code


def test_other_words_get_another_digest_and_nothing_else_changes() -> None:
    draft = notice()
    made = edited(draft, SUBJECT, BODY.replace("Dear sirs", "Dear colleagues").replace("\n", "\r\n"))
    assert made.body == BODY.replace("Dear sirs", "Dear colleagues")
    assert made.sha256 == notice_digest(made) != draft.sha256
    assert made.model_copy(update={"body": draft.body, "sha256": draft.sha256}) == draft


def test_what_a_form_does_to_ends_of_lines_is_no_change() -> None:
    assert edited(notice(), f" {SUBJECT} ", BODY.replace("\n", "\r\n").rstrip()) == notice()


@pytest.mark.parametrize("words", [URL, DIGEST, SEEN, LAW, REFERENCE])
def test_what_proves_a_demand_stays(words: str) -> None:
    assert refused(lambda body: body.replace(words, "")) == "words-locked"
    assert refused(lambda body: body.replace(words, words[:-1] + ("y" if words[-1] != "y" else "z"))) in (
        "words-locked",
        "leads-elsewhere",
    )


def test_an_address_that_another_one_begins_with_stays() -> None:
    both = notice(body=BODY.replace(URL, f"{URL}\n{URL}0"))
    assert edited(both, SUBJECT, both.body.replace(f"{URL}\n", f"{URL}, and\n"))
    with pytest.raises(Problem, match="words-locked"):
        edited(both, SUBJECT, both.body.replace(f"{URL}\n", ""))


def test_the_reference_stays_in_the_subject_and_the_article_in_the_body() -> None:
    assert refused(str, subject="Request for removal") == "words-locked"
    cited = notice(body=BODY + "Article 16 DSA\n", fields={"citation": "Article 16 DSA"})
    with pytest.raises(Problem, match="words-locked"):
        edited(cited, SUBJECT, BODY)


@pytest.mark.parametrize(
    "leading",
    [
        "https://elsewhere.test/a", "elsewhere.test", "desk@elsewhere.test", "192.0.2.7", "+82 2 735 8994",
        f"{URL}2", "ftp://x", "evil.example/path?q", "예시.한국", "elsewhere。test",
        "elsewhere․test", "ｅｌｓｅｗｈｅｒｅ．ｔｅｓｔ", "elsewher\u0336.test", "☎.test", "elsewhere[.]test",
        "elsewhere。한국", "@somebody", "010.1234.5678", "010–1234–5678", "①②③④⑤⑥⑦⑧", "１９２．０．２．７",
    ],
)  # fmt: skip
def test_nothing_that_leads_elsewhere_comes_in(leading: str) -> None:
    assert refused(lambda body: body + f"Write to {leading}.\n") == "leads-elsewhere"
    assert refused(str, subject=f"{SUBJECT} {leading}") == "leads-elsewhere"


def test_a_joiner_hides_no_address() -> None:
    assert refused(lambda body: body + "Write to elsewhere\u200d.test.\n") == "leads-elsewhere"


@pytest.mark.parametrize("sign", ["\u202e", "\u200b", "\x07", "\u2066"])
def test_signs_that_nobody_sees_are_refused(sign: str) -> None:
    assert refused(lambda body: body + sign + "x") == "hidden-signs"
    assert refused(str, subject=f"{SUBJECT}{sign}") == "hidden-signs"


@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_a_subject_is_one_line(line: str) -> None:
    assert refused(str, subject=f"{SUBJECT}{line}Bcc: desk") == "hidden-signs"


def test_there_is_an_end_to_it() -> None:
    assert refused(lambda body: body + "x" * MAX_BODY) == "too-long"
    assert refused(lambda _: " \n") in ("no-words", "words-locked")
    assert refused(lambda body: body + "a.bc." * 10_000) == "leads-elsewhere"


def test_what_goes_to_a_form_is_not_edited() -> None:
    to = notice().recipient.model_copy(update={"channel": "form"})
    with pytest.raises(Problem, match="not-editable"):
        edited(notice(recipient=to), SUBJECT, BODY)


@settings(max_examples=60)
@given(st.text(max_size=200), st.text(max_size=200))
def test_the_changes_are_both_texts(before: str, after: str) -> None:
    changes = words_changed(before, after)
    assert "".join(one.text for one in changes if one.kind != "in") == before
    assert "".join(one.text for one in changes if one.kind != "out") == after


def test_long_texts_are_compared_by_the_line() -> None:
    rng = random.Random(7)
    lines = [" ".join(rng.choices(("gate", "lantern", "parcel"), k=9)) + "\n" for _ in range(MOST_COMPARED)]
    changes = words_changed("".join(lines), "".join([*lines[:700], "another line\n", *lines[701:]]))
    assert [one.kind for one in changes] == ["kept", "out", "in", "kept"]


@settings(max_examples=60)
@given(st.integers(0, len(BODY)), st.text("abc xyz,\n", max_size=12))
def test_whatever_passes_has_all_that_is_locked(at: int, words: str) -> None:
    try:
        made = edited(notice(), SUBJECT, BODY[:at] + words + BODY[at:])
    except Problem:
        return
    assert all(kept in made.body for kept in (URL, DIGEST, LAW, REFERENCE, SEEN))
