"""Labelled texts for training a stand-in text model: written as the posts are, from a stream that no world shares."""

from dataclasses import dataclass
from random import Random

from sandbox.phrases import LANGUAGES, Phrasebook, phrasebook
from sandbox.text import Flavour, Half, Writer


@dataclass(frozen=True, slots=True)
class LabelledText:
    """`label` is True when the text carries a cue phrase, which is what a model has to learn."""

    text: str
    language: str
    label: bool


# Half carries a cue; of the rest most borrow cue words, so that single words do not suffice to tell them apart.
_FLAVOURS = (Flavour.CUE, Flavour.NEAR, Flavour.CUE, Flavour.NEAR, Flavour.CUE, Flavour.ORDINARY)


def labelled_texts(seed: int, count_per_language: int) -> list[LabelledText]:
    """`count_per_language` texts in each language, shuffled. No cue combination of any world appears in them."""
    texts = [
        _labelled(Random(f"corpus/{seed}/{language}/{n}"), phrasebook(language), _FLAVOURS[n % len(_FLAVOURS)])
        for language in LANGUAGES
        for n in range(count_per_language)
    ]
    Random(f"corpus/{seed}").shuffle(texts)
    return texts


def _labelled(rng: Random, book: Phrasebook, flavour: Flavour) -> LabelledText:
    return LabelledText(_shape(Writer(book, rng, Half.TRAINED), rng, flavour), book.language, flavour is Flavour.CUE)


def _shape(writer: Writer, rng: Random, flavour: Flavour) -> str:
    """A bare sentence, a post with title and replies, or a chat log: the shapes that pages have once extracted."""
    shape = rng.randrange(4)
    if shape == 0:
        return writer.sentences(1, flavour)[0]
    if shape == 1:
        lines = [*writer.sentences(rng.randint(3, 8), flavour), *(writer.remark() for _ in range(rng.randint(2, 6)))]
        rng.shuffle(lines)
        return "\n".join(lines)
    replies = [writer.remark() for _ in range(rng.randint(0, 4))]
    return "\n".join([writer.title(), *writer.paragraphs(rng.randint(2, 6), flavour), *replies])
