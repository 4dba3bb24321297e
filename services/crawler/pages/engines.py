"""The board engines that are known (`engines.toml`)."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Engine:
    """`marks`: class names of which a page of this engine has at least one. The others are CSS selectors: of the
    posts; of author, date and text within a post, the first that is there. `comments`: they answer what the page is
    about, they are not it."""

    name: str
    marks: frozenset[str]
    posts: str
    author: tuple[str, ...]
    date: tuple[str, ...]
    text: tuple[str, ...]
    comments: bool = False


def _load(path: Path) -> tuple[Engine, ...]:
    rows = tomllib.loads(path.read_text())["engine"]
    return tuple(_engine(**row) for row in rows)


def _engine(marks: list[str], author: list[str], date: list[str], text: list[str], **rest: Any) -> Engine:  # noqa: ANN401
    return Engine(marks=frozenset(marks), author=tuple(author), date=tuple(date), text=tuple(text), **rest)


ENGINES = _load(Path(__file__).with_name("engines.toml"))
MARKS = frozenset(mark for engine in ENGINES for mark in engine.marks)
