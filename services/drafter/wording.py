"""The kinds of case and what notices say of each (data: `data/kinds.toml`, `data/declarations.toml`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import RootModel

from services.drafter.datafile import DATA, BadDataFile, Strict, load
from services.drafter.happenings import Happenings
from services.drafter.law import Law, Laws, Texts, text_in

GENERAL = "other"  # the kind whose wording says no more than that the material is unlawful


class Kind(Strict):
    """`declaration`: which sentence we declare in good faith. `parallel`: every step of the contact order at once.
    `text`: it is about what a page says, and its pictures may be anybody's."""

    declaration: str
    parallel: bool = False
    text: bool = False
    words: Texts


class Kinds(RootModel[Mapping[str, Kind]]):
    pass


class Declarations(RootModel[Mapping[str, Texts]]):
    pass


@dataclass(frozen=True)
class Wording:
    kinds: Mapping[str, Kind]
    declarations: Mapping[str, Texts]
    happenings: Happenings

    def knows(self, category: str) -> bool:
        return category in self.kinds

    def kind(self, category: str) -> Kind:
        return self.kinds.get(category) or self.kinds[GENERAL]

    def words(self, category: str, language: str) -> str:
        return text_in(self.kind(category).words, language)

    def values(self, category: str, law: Law, laws: Laws, language: str, role: str) -> dict[str, object]:
        """What a template prints of kind and law, in that language."""
        home = laws.home_for(category)
        return {
            "category": self.words(category, language),
            "declaration": text_in(self.declarations[self.kind(category).declaration], language),
            "citation": law.cited_in(language),
            "home_citation": text_in(home.citation, language) if home else "",
            "form": text_in(law.form, language),
            "clock": law.clock_for(role),
            "wish_hours": laws.standard.wish_hours,
        }


def load_wording(override: Path | None = None) -> Wording:
    """`override`: the agency's own kinds.toml. Raises `BadDataFile`."""
    kinds, declarations = load(Kinds, "kinds.toml", override).root, load(Declarations, "declarations.toml").root
    if GENERAL not in kinds:
        raise BadDataFile(f"{override}: there is no [{GENERAL}], the kind of what is not named; copy it from {DATA}")
    for name, kind in kinds.items():
        if kind.declaration not in declarations:
            known = ", ".join(declarations)
            raise BadDataFile(f"{override}: {name}.declaration: {kind.declaration!r} is none of {known}")
    return Wording(kinds, declarations, load(Happenings, "happenings.toml"))
