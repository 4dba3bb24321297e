from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from sandbox.corpus import labelled_texts
from sandbox.model import Finding
from sandbox.phrases import LANGUAGES, phrasebook
from sandbox.text import CUE_SLOTS, Half, cue, fill
from sandbox.world import World
from tests.support.sandbox import cue_pattern


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slot_has_words_and_every_label_a_text(language: str) -> None:
    book, english = phrasebook(language), phrasebook("en")
    for pattern in (*book.titles, *book.sentences, *book.remarks, *book.near, *book.cues):
        assert "{" not in fill(pattern, book, Random(1))
    assert book.labels.keys() == english.labels.keys()
    assert all(set(CUE_SLOTS) == set(re.findall(r"{(\w+)}", pattern)) for pattern in book.cues)
    assert all(len(set(re.findall(r"{(\w+)}", pattern)) & set(CUE_SLOTS)) in (1, 2) for pattern in book.near)


def test_korean_particles_follow_the_sound_before_them() -> None:
    book = phrasebook("ko")
    given = {"food": "떡볶이", "thing": "우산"}
    assert (
        fill("{food}을/를 {thing}을/를 {food}은/는 {thing}이/가", book, Random(1), given)
        == "떡볶이를 우산을 떡볶이는 우산이"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_cue_combination_is_both_shown_and_trained(language: str) -> None:
    """With two words a slot there are few enough combinations to see them all."""
    book = phrasebook(language)
    small = replace(book, words={slot: words[:2] for slot, words in book.words.items()})
    halves = {half: {cue(small, Random(f"{half}/{n}"), half) for n in range(600)} for half in Half}
    assert len(halves[Half.SHOWN]) == len(halves[Half.TRAINED]) == len(book.cues) * 2 ** len(CUE_SLOTS) // 2
    assert not halves[Half.SHOWN] & halves[Half.TRAINED]
    assert all(cue_pattern(book).fullmatch(text) for texts in halves.values() for text in texts)


@pytest.mark.parametrize("seed", [7, 8])
def test_only_text_findings_carry_a_cue(seed: int) -> None:
    world = World.generate(seed, 1.0)
    language_of = {host.name: host.language for host in world.hosts}
    patterns = {language: cue_pattern(phrasebook(language)) for language in LANGUAGES}
    for post in world.posts:
        text = "\n".join([post.title, *post.paragraphs, *(remark.text for remark in post.remarks)])
        carries = patterns[language_of[post.host]].search(text) is not None
        assert carries == (post.finding is Finding.TEXT), post.key


def test_corpus_is_balanced_labelled_rightly_and_reproducible() -> None:
    texts = labelled_texts(3, 60)
    assert texts == labelled_texts(3, 60)
    assert texts != labelled_texts(4, 60)
    assert Counter((t.language, t.label) for t in texts) == {
        (lang, on): 30 for lang in LANGUAGES for on in (True, False)
    }
    for text in texts:
        assert (cue_pattern(phrasebook(text.language)).search(text.text) is not None) == text.label
