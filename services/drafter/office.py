"""What the drafter knows before any case: agency, rules, contacts, sentences. Loaded once, at start."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import RootModel

from services.drafter.agency import Agency
from services.drafter.attachments import Kinds
from services.drafter.datafile import load
from services.drafter.law import Laws, load_laws, text_in
from services.drafter.problems import Sentences
from services.drafter.recipients import Ladder, load_ladder

GENERAL = "other"  # the category whose wording says no more than that the material is unlawful


class Categories(RootModel[Mapping[str, Mapping[str, str]]]):
    """Plain words for each category, by language."""

    def knows(self, category: str) -> bool:
        return category in self.root

    def words(self, category: str, language: str) -> str:
        return text_in(self.root.get(category) or self.root[GENERAL], language)


@dataclass(frozen=True)
class Office:
    agency: Agency
    laws: Laws
    ladder: Ladder
    categories: Categories
    sentences: Sentences
    kinds: Kinds
    report_language: str

    @staticmethod
    def open(
        agency: Agency, report_language: str, laws_file: Path | None = None, contacts_file: Path | None = None
    ) -> "Office":
        """Raises `BadDataFile`."""
        return Office(
            agency=agency,
            laws=load_laws(laws_file),
            ladder=load_ladder(contacts_file),
            categories=load(Categories, "categories.toml"),
            sentences=load(Sentences, "problems.toml"),
            kinds=load(Kinds, "xarf.toml"),
            report_language=report_language,
        )
