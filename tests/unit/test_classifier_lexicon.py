"""The lexicon: terms are found though disguised, not inside of other words; its files are read again while it runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.classifier.texts.lexicon import Lexicon, LexiconFolder, LexiconUnusable, Term, read_folder
from services.classifier.texts.lexicon.folder import LOOK_AGAIN_S, STAND_INS
from services.classifier.texts.normalise import skeleton
from services.classifier.texts.unmasked import unmask
from shared.clock import ManualClock

START = datetime(2026, 11, 22, tzinfo=UTC)
TERMS = read_folder(STAND_INS)
FILE = """
provenance = "made up"
category = "stand-in"
language = "en"
added = 2026-11-22
[[terms]]
id = "one"
term = "{term}"
weight = {weight}
{more}
"""


def found(text: str, terms: list[Term] = TERMS) -> list[str]:
    return [hit.term for hit in Lexicon(terms).hits(skeleton(text), unmask(text))]


def folder(path: Path, term: str = "moonwicker", weight: object = 0.5, more: str = "") -> Path:
    path.mkdir(exist_ok=True)
    (path / "own.toml").write_text(FILE.format(term=term, weight=weight, more=more))
    return path


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("a Moonwicker, please", "standin-en-1"),
        ("m0onw1cker", "standin-en-1"),
        ("m.o.o.n.w.i.c.k.e.r", "standin-en-1"),
        ("m o o n w i c k e r", "standin-en-1"),
        ("mo on wi ck er", "standin-en-1"),
        ("mооnwickеr", "standin-en-1"),
        ("bring the copper heron ticket now", "standin-en-2"),
        ("bringthecopperheronticketnow", "standin-en-2"),
        ("어제 달고리짝을 보았다", "standin-ko-1"),
        ("ㄷㅏㄹㄱㅗㄹㅣㅉㅏㄱ", "standin-ko-1"),
        ("달.고.리.짝", "standin-ko-1"),
        ("昨日月籠り札を見た", "standin-ja-1"),
        ("我要月篓子票", "standin-zh-1"),
        ("mua vé giỏ trăng nhé", "standin-vi-1"),
        ("ซื้อตั๋วตะกร้าจันทร์ที่นี่", "standin-th-1"),
        ("ищу луноплёты у моста", "standin-ru-1"),
    ],
)
def test_a_term_is_found(text: str, term: str) -> None:
    assert found(text) == [term]


@pytest.mark.parametrize("text", ["", "moon wicker", "a copper ticket for the heron", "поздний луно плёт", "왕고리짝"])
def test_other_words_are_not(text: str) -> None:
    assert found(text) == []


def test_short_terms_are_words_of_their_own() -> None:
    terms = [term.model_copy(update={"term": "wick", "id": "w"}) for term in TERMS[:1]]
    assert found("a wick burns", terms) == ["w"]
    assert found("wicker, moonwick, wicked", terms) == []


def test_a_term_counts_once_and_in_the_order_of_the_lexicon() -> None:
    assert found("copper heron ticket moonwicker moonwicker") == ["standin-en-1", "standin-en-2"]


def test_an_expired_term_no_longer_counts(tmp_path: Path) -> None:
    clock = ManualClock(START)
    lexicon = LexiconFolder.open(folder(tmp_path / "own", more="expires = 2026-11-23"), clock)
    assert len(lexicon.current()) == 1
    clock.advance(timedelta(days=1).total_seconds())
    assert len(lexicon.current()) == 0


def test_an_edit_counts_without_a_restart_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    clock = ManualClock(START)
    own = folder(tmp_path / "own")
    lexicon = LexiconFolder.open(own, clock)
    before = lexicon.current()
    folder(own, "brasswillow lane")
    assert lexicon.current() is before
    clock.advance(LOOK_AGAIN_S)
    assert lexicon.current() is not before
    edited = lexicon.current()
    folder(own, "something else", weight=7)
    clock.advance(LOOK_AGAIN_S)
    assert lexicon.current() is edited
    folder(own, "something else", weight=0.7)
    clock.advance(LOOK_AGAIN_S)
    assert lexicon.current() is not edited


@pytest.mark.parametrize(
    ("term", "weight", "more", "said"),
    [
        ("moonwicker", 7, "", r"own.toml, term 1 \(one\): weight: .*less than or equal to 1"),
        ("moonwicker", 0.5, "expire = 2027-01-01", r"term 1 \(one\): expire: Extra inputs"),
        ("moonwicker", 0.5, "expires = 'soon'", r"term 1 \(one\): expires: "),
        ("!!", 0.5, "", r"term: fewer than 2 letters"),
        ("moonwicker", "", "", "cannot be read"),
        ("moonwicker", "1" * 5_000, "", "cannot be read"),
        ("moonwicker", "[" * 5_000, "", "cannot be read"),
        ("moonwicker", 0.5, '[[terms]]\nid = "one"\nterm = "other"\nweight = 0.1', "two terms have the id 'one'"),
    ],
)
def test_a_wrong_file_is_named_with_the_field(tmp_path: Path, term: str, weight: object, more: str, said: str) -> None:
    with pytest.raises(LexiconUnusable, match=said):
        read_folder(folder(tmp_path / "own", term, weight, more))


def test_a_folder_without_files_and_a_file_without_terms_are_named(tmp_path: Path) -> None:
    with pytest.raises(LexiconUnusable, match=r"holds no \.toml file"):
        read_folder(tmp_path)
    (tmp_path / "own.toml").write_text("terms = 3")
    with pytest.raises(LexiconUnusable, match=r"no \[\[terms\]\]"):
        read_folder(tmp_path)
    (tmp_path / "own.toml").write_text("langauge = 'en'\n[[terms]]\nid='x'")
    with pytest.raises(LexiconUnusable, match="langauge is unknown"):
        read_folder(tmp_path)
