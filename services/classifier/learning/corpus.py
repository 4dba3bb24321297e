"""What lies beside a trained model so that it can be trained on: features, never texts.

`learning.npz` in the model's directory, numpy's own format without pickles: five sets of `Bags`.
"""

import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np

from services.classifier.learning.bags import Bags
from shared.failures import Rejected

FILE = "learning.npz"


class CorpusUnusable(Rejected):
    """There is nothing to train and measure on beside the model. The message says what to do."""


@dataclass(frozen=True)
class Corpus:
    """`base`: a sample of what the model was trained on, rehearsed at each training. The others are never fitted to:
    `calibrating` makes probabilities; every model is measured on `frozen` and on `disguised`, the same obfuscated;
    `must` is what no model may have wrong."""

    base: Bags
    calibrating: Bags
    frozen: Bags
    disguised: Bags
    must: Bags

    def write(self, directory: Path) -> None:
        arrays = {f"{part.name}_{name}": array for part in fields(self) for name, array in _arrays(self, part.name)}
        np.savez_compressed(directory / FILE, **arrays)

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Raises `CorpusUnusable`."""
        try:
            with np.load(directory / FILE, allow_pickle=False) as arrays:
                return cls(*(_bags(arrays, part.name) for part in fields(cls)))
        except FileNotFoundError:
            raise CorpusUnusable(
                f"{directory}: {FILE} is missing, so verdicts can teach this model nothing; train it with"
                " `services.classifier.learning.training.train`, which writes it"
            ) from None
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise CorpusUnusable(f"{directory / FILE} cannot be read: {error}; train the model again") from error


def _arrays(corpus: Corpus, part: str) -> list[tuple[str, Any]]:
    bags: Bags = getattr(corpus, part)
    return [
        ("grams", _steps(bags)),
        ("ends", bags.ends),
        ("passages", bags.passages),
        ("labels", bags.labels),
        ("languages", np.array(bags.languages, np.str_)),
        ("categories", np.array(bags.categories, np.str_)),
    ]


def _bags(arrays: Any, part: str) -> Bags:  # noqa: ANN401  # numpy types no archive
    ends = arrays[f"{part}_ends"]
    bags = Bags(
        np.cumsum(arrays[f"{part}_grams"], dtype=np.int64).astype(np.int32),
        ends,
        arrays[f"{part}_passages"],
        arrays[f"{part}_labels"],
        tuple(map(str, arrays[f"{part}_languages"])),
        tuple(map(str, arrays[f"{part}_categories"])),
    )
    texts = {len(bags.labels), len(bags.languages), len(bags.categories), len(bags.passages)}
    if len(texts) > 1 or bags.passages.sum() != len(ends) or (len(ends) and ends[-1] != len(bags.grams)):
        raise ValueError(f"its parts of {part!r} do not belong together")
    return bags


def _steps(bags: Bags) -> Any:  # noqa: ANN401  # an array
    """Each passage sorted, as steps from one bucket to the next: small numbers, packed in two thirds of the place."""
    owner = np.repeat(np.arange(len(bags.ends)), bags.sizes)
    ordered = bags.grams[np.lexsort((bags.grams, owner))]
    return np.diff(ordered, prepend=np.int32(0)).astype(np.int32)
