"""The board engines that are known (`engines.toml`)."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Engine:
    """`marks`: class names of which a page of this engine has at least one. The others are CSS selectors: of the
    posts; of author, date and text within a post."""

    name: str
    marks: frozenset[str]
    posts: str
    author: str
    date: str
    text: str


def _load(path: Path) -> tuple[Engine, ...]:
    rows = tomllib.loads(path.read_text())["engine"]
    return tuple(Engine(**{**row, "marks": frozenset(row["marks"])}) for row in rows)


ENGINES = _load(Path(__file__).with_name("engines.toml"))
MARKS = frozenset(mark for engine in ENGINES for mark in engine.marks)
