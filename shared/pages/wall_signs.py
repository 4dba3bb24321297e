"""The signs of walls (pure): read from `walls.toml`, and looked for in an answer."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared.pages.bare import bare
from shared.pages.read import ReadPage

TITLE_ENDS = re.compile(r"\s[-–—|·•»:]+\s|\s*[|»]\s*|::")
FIRST_LINES = 3
MOST_OF_IT = 0.6  # of a title is the phrase: "Oops! Page not found" is one, a sentence that ends so is none
CALLED = rb"""(?:src|action)\s*=\s*["']?\s*(?:https?:)?//([^"'\s>]{4,200})"""


@dataclass(frozen=True)
class Signs:
    """What one kind of wall looks like. Words are bare (`bare.py`), pieces of source in lower case."""

    headers: Mapping[str, re.Pattern[str]]
    hosts: tuple[str, ...]
    source: tuple[bytes, ...]
    titles: frozenset[str]
    says: tuple[str, ...]

    def header_of(self, headers: Mapping[str, str]) -> str | None:
        sent = (name for name, value in self.headers.items() if value.search(headers.get(name, "")))
        return next((f"{name}: {headers[name][:40]}" for name in sent), None)

    def source_in(self, source: bytes) -> str | None:
        return next((piece.decode() for piece in self.source if piece in source), None)

    def host_in(self, look: "Look") -> str | None:
        """The first of our hosts to which a script, frame or form leads."""
        named = [host for host in self.hosts if host.encode() in look.source]  # cheap, and nearly always enough
        if not named:
            return None
        return next((host for address in look.called for host in named if leads_to(address, host)), None)

    def title_in(self, titles: Iterable[str]) -> str | None:
        for title in titles:
            if title in self.titles or any(
                known in title and len(known) >= MOST_OF_IT * len(title) for known in self.titles
            ):
                return title
        return None

    def share_of(self, text: str) -> float:
        """Which part of the bare text the phrases are, 0 … 1."""
        if not text:
            return 0.0
        covered = bytearray(len(text))
        for phrase in self.says:
            at = text.find(phrase)
            if at >= 0:
                covered[at : at + len(phrase)] = b"\1" * len(phrase)
        return sum(covered) / len(text)


@dataclass(frozen=True)
class Look:
    """An answer, prepared for looking at it. `source` in lower case."""

    page: ReadPage
    source: bytes

    @cached_property
    def text(self) -> str:
        return bare(self.page.text)

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """The pieces of the title, and the first lines of the text."""
        lines = self.page.text.split("\n", FIRST_LINES)[:FIRST_LINES]
        pieces = [*TITLE_ENDS.split(self.page.title), self.page.title, *lines]
        return tuple(dict.fromkeys(made for piece in pieces if (made := bare(piece[:200]))))

    @cached_property
    def called(self) -> tuple[str, ...]:
        """Hosts and paths that scripts, frames and forms name. Not those of links: a post may link to anything."""
        found = re.findall(CALLED, self.source)
        return tuple(dict.fromkeys(address.decode("latin-1") for address in found))


def leads_to(address: str, host: str) -> bool:
    """Whether an address without scheme is on that host or one below it, and begins with its path."""
    name, _, path = host.partition("/")
    there, _, where = address.partition("/")
    there = there.partition(":")[0]
    return (there == name or there.endswith(f".{name}")) and where.startswith(path)


def without_scheme(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}".lower()


def read_signs(path: Path) -> dict[str, Signs]:
    return {wall: _signs(table) for wall, table in tomllib.loads(path.read_text(encoding="utf-8")).items()}


def _signs(table: dict[str, Any]) -> Signs:
    return Signs(
        headers={name: re.compile(value, re.IGNORECASE) for name, value in table.get("headers", {}).items()},
        hosts=tuple(table.get("hosts", ())),
        source=tuple(piece.encode() for piece in table.get("source", ())),
        titles=frozenset(_words(table.get("titles", {}))),
        says=tuple(_words(table.get("says", {}))),
    )


def _words(languages: dict[str, list[str]]) -> Iterator[str]:
    return (bare(phrase) for phrases in languages.values() for phrase in phrases)
