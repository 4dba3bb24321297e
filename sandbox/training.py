"""Trains the stand-in text model on the sandbox's corpus: `python -m sandbox.training --out DIR`."""

import time
from pathlib import Path
from typing import Annotated

import typer

from sandbox.corpus import labelled_texts
from services.classifier.metrics import Metrics
from services.classifier.training import Example, train

COUNT_PER_LANGUAGE = 1200  # with 600, one harmless post in 700 is flagged; more change nothing
CORPUS_SEED = 40_417  # the corpus has a stream of its own; this is only which part of it
PROVENANCE = """**A stand-in. It detects nothing real.** It was trained on synthetic, neutral sentences from the
sandbox's grammar, where a made-up cue phrase ("the lantern parcel waits at gate seven") stands for what an agency
looks for. It exists so that the whole software runs and is tested on a real model; its figures say nothing about real
content. In production give a model trained on your own reviewed cases (`HAETAE_TEXT_MODEL`)."""


def main(
    out: Annotated[Path, typer.Option(help="Folder to write the model into; made when missing")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same model")] = 1,
    count: Annotated[int, typer.Option(help="Texts in each language")] = COUNT_PER_LANGUAGE,
) -> None:
    """Train the stand-in text model, print its figures and write it as a transformers directory."""
    started = time.monotonic()
    texts = labelled_texts(CORPUS_SEED + seed, count)
    examples = [Example(text.text, text.label, text.language) for text in texts]
    typer.echo(f"training on {len(examples)} synthetic texts in {len({e.language for e in examples})} languages")
    out.mkdir(parents=True, exist_ok=True)
    metrics = train(examples, out, seed, provenance=PROVENANCE, report=typer.echo)
    for name, figures in metrics.items():
        typer.echo(_line(name, figures))
    typer.echo(f"written to {out} in {time.monotonic() - started:.1f} s")


def _line(name: str, figures: Metrics) -> str:
    return (
        f"{name:>10}: precision {figures.precision:.3f}, recall {figures.recall:.3f},"
        f" average precision {figures.average_precision:.3f} ({figures.positives} of {figures.texts})"
    )


if __name__ == "__main__":
    typer.run(main)
