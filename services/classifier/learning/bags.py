"""Texts as n-grams of their passages, many in a few flat arrays: what heads are fitted to and measured on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from services.classifier.texts.ngrams import Buckets

Grams = NDArray[np.int32]
Places = NDArray[np.int64]
Labels = NDArray[np.bool_]


@dataclass(frozen=True)
class Bags:
    """`grams`: the buckets of all passages in a row. `ends`: where each passage ends in it. `passages`: how many each
    text has, one at least. `labels`, `languages`, `categories`: of each text."""

    grams: Grams
    ends: Places
    passages: Places
    labels: Labels
    languages: tuple[str, ...]
    categories: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def sizes(self) -> Places:
        """N-grams of each passage."""
        return np.diff(self.ends, prepend=0)

    @property
    def firsts(self) -> Places:
        """The place of each text's first passage."""
        return np.cumsum(self.passages) - self.passages

    @property
    def owners(self) -> Places:
        """For each passage, its text."""
        return np.repeat(np.arange(len(self)), self.passages)

    def take(self, texts: Places) -> "Bags":
        """These texts, in this order."""
        starts = self.firsts
        places = [np.arange(starts[text], starts[text] + self.passages[text]) for text in texts]
        return self._chosen(np.concatenate([np.empty(0, np.int64), *places]), self.passages[texts], texts)

    def highest(self, logits: NDArray[np.float64], most: int) -> "Bags":
        """The `most` passages of each text with the highest logits (one a passage), highest first."""
        order = np.lexsort((-logits, self.owners))
        rank = np.arange(len(order)) - np.repeat(self.firsts, self.passages)
        return self._chosen(order[rank < most], np.minimum(self.passages, most), np.arange(len(self)))

    def whole(self) -> "Bags":
        """Each text as one passage."""
        ends = self.ends[np.cumsum(self.passages) - 1]
        return replace(self, ends=ends, passages=np.ones(len(self), np.int64))

    def of_passages(self, chosen: Places) -> "Bags":
        """Each of these passages as a text of its own."""
        return self._chosen(chosen, np.ones(len(chosen), np.int64), self.owners[chosen])

    def _chosen(self, chosen: Places, passages: Places, texts: Places) -> "Bags":
        starts, sizes = self.ends - self.sizes, self.sizes[chosen]
        places = np.repeat(starts[chosen] - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())
        return Bags(
            self.grams[places],
            np.cumsum(sizes),
            passages,
            self.labels[texts],
            tuple(self.languages[text] for text in texts),
            tuple(self.categories[text] for text in texts),
        )


def bags_of(
    texts: Sequence[Sequence[Buckets]], labels: Sequence[bool], languages: Sequence[str], categories: Sequence[str]
) -> Bags:
    """Of texts given as their passages, one at least each."""
    flat = list(chain.from_iterable(texts))
    return Bags(
        np.concatenate([np.empty(0, np.int32), *(bag.astype(np.int32) for bag in flat)]),
        np.cumsum([len(bag) for bag in flat], dtype=np.int64),
        np.array([len(passages) for passages in texts], np.int64),
        np.array(labels, np.bool_),
        tuple(languages),
        tuple(categories),
    )


def joined(parts: Iterable[Bags]) -> Bags:
    """One after the other."""
    several = list(parts)
    shifts = np.cumsum([0, *(len(part.grams) for part in several)])
    return Bags(
        np.concatenate([part.grams for part in several]),
        np.concatenate([part.ends + shift for part, shift in zip(several, shifts, strict=False)]),
        np.concatenate([part.passages for part in several]),
        np.concatenate([part.labels for part in several]),
        tuple(chain.from_iterable(part.languages for part in several)),
        tuple(chain.from_iterable(part.categories for part in several)),
    )
