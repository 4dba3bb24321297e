"""Trains the stand-in conversation model: `python -m sandbox.dialogues.training --out DIR [--embedding DIR]`."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from sandbox.dialogues.dialogues import dialogues
from sandbox.dialogues.grammar import LANGUAGES, Half
from services.classifier.conversations.examples import LabelledConversation, LabelledTurn
from services.classifier.conversations.training import train

VERSION = "stand-in 1"
COUNT, UNSEEN_COUNT = 1_200, 300  # of each language
ESCALATING_SHARE, UNSEEN_SHARE = 0.35, 0.1
PROVENANCE = """**A stand-in. It detects nothing real.** It was trained on dialogues from the sandbox's grammar, in
which neutral sentences about lanterns, boards and gates stand for the stages. It exists so that the whole software runs
and is tested on a real model; its figures say nothing about real conversations. Train your own on conversations that
your agency may hold (`services.classifier.conversations.training.train`)."""


def main(
    out: Annotated[Path, typer.Option(help="Folder to write the model into; made when missing")],
    embedding: Annotated[
        Path | None, typer.Option(help="Directory of the sentence encoder; n-grams alone without")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model")] = 1,
    count: Annotated[int, typer.Option(help="Dialogues in each language")] = COUNT,
) -> None:
    """Train the stand-in conversation model, print its figures on unseen phrasing, write it."""
    started = time.monotonic()
    typer.echo(f"training on {count * len(LANGUAGES)} neutral dialogues in {len(LANGUAGES)} languages")
    out.mkdir(parents=True, exist_ok=True)
    found = train(
        list(labelled(Half.TRAINING, seed, count, ESCALATING_SHARE)),
        list(labelled(Half.UNSEEN, seed, UNSEEN_COUNT, UNSEEN_SHARE)),
        out,
        seed,
        version=VERSION,
        provenance=PROVENANCE,
        embedding=embedding,
        report=typer.echo,
    )
    for reading, figures in found.items():
        typer.echo(
            f"{reading:>10}: recall {figures.recall:.3f}, {figures.false_alarms_per_1000:.1f} false alarms per 1,000,"
            f" {figures.before_meeting:.3f} before the meeting, latency F1 {figures.latency_f1:.3f}"
        )
    typer.echo(f"written to {out} in {time.monotonic() - started:.1f} s")


def labelled(half: Half, seed: int, count: int, escalating_share: float) -> Iterator[LabelledConversation]:
    """`count` of each language."""
    for one in dialogues(half, seed, count, escalating_share):
        turns = tuple(
            LabelledTurn(str(said.speaker), said.at.timestamp(), said.text, said.stage, said.pattern)
            for said in one.turns
        )
        yield LabelledConversation(one.language, "0" if one.escalating else None, turns)


if __name__ == "__main__":
    typer.run(main)
