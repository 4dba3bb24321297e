"""Topics of real sentences in seven languages (SIB-200): each told from the six others by models trained for it.

The n-gram model learns the training sentences (three quarters of them: the rest calibrates it), the embedding's head
the development ones; the peers learn both. `unlabelled`: all learn English only and are asked in the six others.
"""

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.classifying.text_figures import TextFigures, figures, mean, of_peer, of_reader
from benchmarks.classifying.text_peers import PEERS
from services.classifier.learning.embedding_head import train_head
from services.classifier.learning.training import Example, train
from services.classifier.texts.reader import TextReader
from services.classifier.texts.text_model import TextModel
from shared.clock import SystemClock

FOLDERS = {
    "en": "eng_Latn", "ja": "jpn_Jpan", "ko": "kor_Hang", "ru": "rus_Cyrl", "th": "tha_Thai", "vi": "vie_Latn",
    "zh": "zho_Hans",
}  # fmt: skip
TOPICS = ("travel", "health", "science/technology")  # of seven; each takes a minute and a half


@dataclass(frozen=True)
class Sentence:
    text: str
    topic: str
    language: str


def topics(quick: bool, folder: Path, encoder: Path) -> dict[str, object]:
    parts = {part: _read(folder, part) for part in ("train", "dev", "test")}
    chosen = TOPICS[:1] if quick else TOPICS
    seven = [_compared(topic, parts, encoder) for topic in chosen]
    english = {part: [one for one in rows if part == "test" or one.language == "en"] for part, rows in parts.items()}
    english["test"] = [one for one in parts["test"] if one.language != "en"]
    one_language = [_compared(topic, english, encoder) for topic in chosen[:1]] if not quick else []
    return {
        "topics": chosen,
        "sentences": {part: len(rows) for part, rows in parts.items()},
        "seven_languages": _mean(seven),
        "unlabelled": _mean(one_language) if one_language else "left out when quick",
    }


def _read(folder: Path, part: str) -> list[Sentence]:
    found = []
    for language, name in FOLDERS.items():
        with (folder / name / f"{part}.tsv").open(encoding="utf-8") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            found += [Sentence(row["text"], row["category"], language) for row in rows]
    return found


def _compared(topic: str, parts: dict[str, list[Sentence]], encoder: Path) -> dict[str, TextFigures]:
    learned, more, test = (_examples(parts[part], topic) for part in ("train", "dev", "test"))
    compared = {name: figures(of_peer(name, [*learned, *more]), test) for name in PEERS}
    with tempfile.TemporaryDirectory() as folder:
        text, embedding = Path(folder) / "text", Path(folder) / "embedding"
        text.mkdir()
        train(learned, text, seed=1, provenance="Topics of SIB-200, for a figure.")
        compared["ngrams"] = figures(of_reader(TextReader.load(text, None, None, None, SystemClock())), test)
        if (encoder / "model.safetensors").is_file():
            embedding.mkdir()
            for file in encoder.iterdir():
                if file.name != "head.safetensors":
                    (embedding / file.name).symlink_to(file.resolve())
            train_head(more, TextModel.load(text), embedding, seed=1)
            compared["ours"] = figures(of_reader(TextReader.load(text, None, embedding, None, SystemClock())), test)
    return compared


def _examples(sentences: Sequence[Sentence], topic: str) -> list[Example]:
    return [Example(one.text, one.topic == topic, one.language) for one in sentences]


def _mean(compared: Sequence[dict[str, TextFigures]]) -> dict[str, object]:
    """Of each scorer, the mean over the topics."""
    return {name: mean([one[name] for one in compared]).rounded() for name in compared[0]}
