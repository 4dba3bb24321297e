"""Trains the stand-in text model on the sandbox's corpus: `python -m sandbox.training --out DIR`."""

import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Annotated

import typer

from sandbox.corpus import LabelledText, labelled_texts
from sandbox.phrases import LANGUAGES, phrasebook
from services.classifier.learning.embedding_head import train_head
from services.classifier.learning.metrics import Metrics
from services.classifier.learning.training import Example, HeldOut, train
from services.classifier.texts.text_model import TextModel

COUNT_PER_LANGUAGE = 1200  # with 600, one harmless post in 700 is flagged; more change nothing
FURNITURE_PER_LANGUAGE = 60  # pages that say nothing of their own: about, deleted, lists
# An embedding takes a hundred times as long as n-grams, and its head has a hundredth of the numbers to learn.
HEAD_COUNT_PER_LANGUAGE, HEAD_FURNITURE_PER_LANGUAGE = 70, 5
HEAD_SEED = 1_000  # other texts than any text model's
CORPUS_SEED = 40_417  # the corpus has a stream of its own; this is only which part of it
MUST_SEED, MUST_PER_LANGUAGE = 90_001, 6
AUTHORS = (
    "rook",
    "salt_and_tea",
    "marble",
    "ferryman",
    "quill7",
    "oldclock",
    "juniper.b",
    "kite",
    "달토끼",
    "そらまめ",
)
PROVENANCE = """**A stand-in. It detects nothing real.** It was trained on synthetic, neutral sentences from the
sandbox's grammar, where a made-up cue phrase ("the lantern parcel waits at gate seven") stands for what an agency
looks for. It exists so that the whole software runs and is tested on a real model; its figures say nothing about real
content. In production give a model trained on your own reviewed cases (`HAETAE_TEXT_MODEL`)."""


def main(
    out: Annotated[Path, typer.Option(help="Folder to write the model into; made when missing")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same model")] = 1,
    count: Annotated[int, typer.Option(help="Texts in each language")] = COUNT_PER_LANGUAGE,
    embedding: Annotated[Path | None, typer.Option(help="Encoder directory that gets a head for the same task")] = None,
) -> None:
    """Train the stand-in text model, print its figures and write it as a transformers directory."""
    started = time.monotonic()
    found = examples(seed, count)
    typer.echo(f"training on {len(found)} synthetic texts in {len(LANGUAGES)} languages")
    out.mkdir(parents=True, exist_ok=True)
    metrics = train(found, out, seed, provenance=PROVENANCE, held_out=HeldOut(must=must(seed)), report=typer.echo)
    for name, figures in metrics.items():
        typer.echo(_line(name, figures))
    typer.echo(f"written to {out} in {time.monotonic() - started:.1f} s")
    if embedding:
        _train_head(out, embedding, seed)


def _train_head(text_model: Path, embedding: Path, seed: int) -> None:
    """On texts of their own: of those that it was trained on the text model is too sure."""
    started = time.monotonic()
    others = examples(HEAD_SEED + seed, HEAD_COUNT_PER_LANGUAGE, HEAD_FURNITURE_PER_LANGUAGE)
    train_head(others, TextModel.load(text_model), embedding, seed)
    typer.echo(f"the embedding's head: {len(others)} texts, {time.monotonic() - started:.1f} s, in {embedding}")


def examples(seed: int, count: int = COUNT_PER_LANGUAGE, furniture: int = FURNITURE_PER_LANGUAGE) -> list[Example]:
    """The corpus, half of it as a crawler sees it, and pages of nothing but furniture."""
    rng = Random(f"training/{seed}")
    return [
        *(
            Example(_on_a_page(text, rng) if rng.random() < 0.5 else text.text, text.label, text.language)
            for text in labelled_texts(CORPUS_SEED + seed, count)
        ),
        *(Example(_furniture(language, rng), False, language) for language in LANGUAGES for _ in range(furniture)),
    ]


def must(seed: int) -> list[Example]:
    """A few of each language that every later model has to have right."""
    return [
        Example(text.text, text.label, text.language) for text in labelled_texts(MUST_SEED + seed, MUST_PER_LANGUAGE)
    ]


def _on_a_page(text: LabelledText, rng: Random) -> str:
    """With the site's name, a byline, replies counted and each line perhaps under its author's name."""
    labels, lines = phrasebook(text.language).labels, text.text.split("\n")
    named = [
        f"{rng.choice(AUTHORS)}{rng.choice((' ', chr(10)))}{line}" if rng.random() < 0.5 else line for line in lines
    ]
    byline, replies = f"{labels['by']} {rng.choice(AUTHORS)},", f"{labels['replies']} ({rng.randrange(9)})"
    return "\n".join([f"{lines[0]} - {_site(labels, rng)}", *named[:1], byline, *named[1:], replies])


def _furniture(language: str, rng: Random) -> str:
    labels = phrasebook(language).labels
    said = rng.sample(sorted(labels.values()), rng.randint(1, 6))
    return "\n".join([f"{said[0]} {rng.randrange(9)} - {_site(labels, rng)}", *said, *_listed(labels, rng)])


def _listed(labels: dict[str, str], rng: Random) -> Iterator[str]:
    """What remains of a list whose titles are links."""
    for _ in range(rng.choice((0, 0, 5, 10))):
        yield rng.choice((f"{labels['by']} {rng.choice(AUTHORS)},", f"{rng.randrange(90_000)}\n[{rng.randrange(9)}]"))


def _site(labels: dict[str, str], rng: Random) -> str:
    return f"{rng.choice(AUTHORS).capitalize()} {labels[rng.choice(('board', 'gallery', 'feed', 'chat'))]}"


def _line(name: str, figures: Metrics) -> str:
    return (
        f"{name:>10}: precision {figures.precision:.3f}, recall {figures.recall:.3f},"
        f" average precision {figures.average_precision:.3f} ({figures.positives} of {figures.texts})"
    )


if __name__ == "__main__":
    typer.run(main)
