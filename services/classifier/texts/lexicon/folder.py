"""The lexicon in force: read from its folder, and again when a file or the day changes."""

from datetime import date
from pathlib import Path
from typing import Self

import structlog

from services.classifier.texts.lexicon.lexicon import Lexicon
from services.classifier.texts.lexicon.terms import LexiconUnusable, Term, read_folder
from shared.clock import Clock

log = structlog.get_logger()

STAND_INS = Path(__file__).parent
LOOK_AGAIN_S = 5.0  # an edit counts within this; looking costs some microseconds a file

Signature = tuple[tuple[str, int, int], ...]


class LexiconFolder:
    """Used by one thread at a time."""

    def __init__(self, folder: Path, terms: list[Term], signature: Signature, clock: Clock) -> None:
        self._folder, self._terms, self._signature, self._clock = folder, terms, signature, clock
        self._looked_at, self._day = clock.monotonic(), clock.now().date()
        self._lexicon = _of_day(terms, self._day)

    @classmethod
    def open(cls, folder: Path | None, clock: Clock) -> Self:
        """The built-in stand-ins unless a folder is given. Raises `LexiconUnusable`."""
        chosen = folder or STAND_INS
        signature = _signature(chosen)
        return cls(chosen, read_folder(chosen), signature, clock)

    def current(self) -> Lexicon:
        """A folder that cannot be read is told in the log, and what was in force stays in force."""
        if self._clock.monotonic() - self._looked_at >= LOOK_AGAIN_S:
            self._looked_at = self._clock.monotonic()
            self._read_again()
        today = self._clock.now().date()
        if today != self._day:
            self._day, self._lexicon = today, _of_day(self._terms, today)
        return self._lexicon

    def _read_again(self) -> None:
        signature = _signature(self._folder)
        if signature == self._signature:
            return
        self._signature = signature  # also of a wrong one: it is told once, not every five seconds
        try:
            self._terms = read_folder(self._folder)
        except LexiconUnusable as error:
            log.error("lexicon not read again, the last one stays in force", error=str(error))
            return
        self._lexicon = _of_day(self._terms, self._day)
        log.info("lexicon read again", terms=len(self._lexicon))


def _of_day(terms: list[Term], today: date) -> Lexicon:
    return Lexicon([term for term in terms if term.counts(today)])


def _signature(folder: Path) -> Signature:
    found = []
    for file in sorted(folder.glob("*.toml")):
        try:
            stat = file.stat()
        except OSError:  # taken away just now, or not for us to read: `read_folder` says which
            continue
        found.append((file.name, stat.st_mtime_ns, stat.st_size))
    return tuple(found)
