"""Real saved pages, from a folder of the caller's: none is part of this project."""

from dataclasses import dataclass
from pathlib import Path

SOURCE, EXPECTED = "source.html", "expected.html"
ADDRESS = "http://page.test/folder/page.html"  # the pages' own is not known; links are resolved alike for all


@dataclass(frozen=True)
class Saved:
    """`expected`: markup of what people said is the page's text; None where nobody did."""

    name: str
    body: bytes
    expected: bytes | None


def load(folder: Path) -> list[Saved]:
    """`NAME/source.html` with `NAME/expected.html` beside it (as in Mozilla's Readability), and any other `*.html`."""
    found = [
        Saved(path.parent.name if path.name == SOURCE else path.name, path.read_bytes(), _expected(path))
        for path in sorted(folder.rglob("*.html"))
        if path.name != EXPECTED
    ]
    if not found:
        raise SystemExit(f"DATA={folder}: there is no .html below it; give a folder of saved pages")
    return found


def _expected(path: Path) -> bytes | None:
    beside = path.with_name(EXPECTED)
    return beside.read_bytes() if path.name == SOURCE and beside.exists() else None
