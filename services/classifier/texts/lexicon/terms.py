"""A lexicon as its files say it: terms with where they come from and until when they count."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.classifier.texts.normalise import skeleton
from shared.events.values import Language, Score
from shared.failures import Rejected
from shared.toml import read_toml

SHARED = ("provenance", "category", "language", "added", "expires")  # may be said once, before a file's terms
OPEN = "*"  # at the end of a term: any ending
FEWEST_LETTERS = 2  # a single letter is in every text


class LexiconUnusable(Rejected):
    """The message names the file, the term, what is wrong and what to do."""


class Term(BaseModel):
    """`expires`: the first day on which it no longer counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1, max_length=100)]
    term: Annotated[str, Field(min_length=1, max_length=200)]
    language: Language
    category: Annotated[str, Field(min_length=1, max_length=100)]
    weight: Score
    provenance: Annotated[str, Field(min_length=1)]
    added: date
    expires: date | None = None

    def counts(self, today: date) -> bool:
        return self.expires is None or today < self.expires

    @property
    def open(self) -> bool:
        return self.term.endswith(OPEN)

    @property
    def key(self) -> str:
        """Its skeleton, as a text's skeleton would show it."""
        return skeleton(self.term.removesuffix(OPEN))


def read_folder(folder: Path) -> list[Term]:
    """The terms of all `.toml` files of the folder. Raises `LexiconUnusable`."""
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise LexiconUnusable(f"HAETAE_LEXICON: {folder} holds no .toml file; give a folder of lexicon files")
    terms = [term for file in files for term in _read(file)]
    seen: set[str] = set()
    for term in terms:
        if term.id in seen:
            raise LexiconUnusable(f"HAETAE_LEXICON: {folder}: two terms have the id {term.id!r}; give each its own")
        seen.add(term.id)
    return terms


def _read(file: Path) -> Iterator[Term]:
    try:
        given = read_toml(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LexiconUnusable(f"HAETAE_LEXICON: {file} cannot be read: {error}") from error
    terms = given.pop("terms", None)
    if not isinstance(terms, list) or not all(isinstance(term, dict) for term in terms):
        raise LexiconUnusable(f"HAETAE_LEXICON: {file} has no [[terms]]; write each term as such a table")
    if unknown := sorted(set(given) - set(SHARED)):
        raise LexiconUnusable(
            f"HAETAE_LEXICON: {file}: {', '.join(unknown)} is unknown; before [[terms]] may stand {', '.join(SHARED)}"
        )
    for number, term in enumerate(terms, 1):
        yield _term(given | term, f"{file}, term {number}")


def _term(given: dict[str, Any], where: str) -> Term:
    where += f" ({given['id']})" if isinstance(given.get("id"), str) else ""
    try:
        term = Term.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise LexiconUnusable(f"HAETAE_LEXICON: {where}: {field}: {first['msg']}") from error
    if len(term.key.replace(" ", "")) < FEWEST_LETTERS:
        raise LexiconUnusable(f"HAETAE_LEXICON: {where}: term: fewer than {FEWEST_LETTERS} letters; write it out")
    return term
