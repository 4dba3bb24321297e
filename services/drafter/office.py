"""What the drafter knows before any case: agency, rules, contacts, sentences. Loaded once, at start."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import RootModel

from services.drafter.agency import Agency
from services.drafter.attachments import Kinds
from services.drafter.contacts.files import load_contacts
from services.drafter.contacts.graph import Contacts
from services.drafter.datafile import BadDataFile, load
from services.drafter.law import Laws, load_laws
from services.drafter.lint import lint
from services.drafter.problems import Sentences
from services.drafter.rendering import Templates
from services.drafter.wording import Wording, load_wording

MOST_FAULTS = 5  # of a message; the command shows all


class Words(RootModel[Mapping[str, Mapping[str, str]]]):
    """What the report says for codes, by language."""


@dataclass(frozen=True)
class Office:
    agency: Agency
    laws: Laws
    ladder: Contacts
    categories: Wording
    sentences: Sentences
    kinds: Kinds
    report_language: str
    templates: Templates
    words: Words

    @staticmethod
    def open(
        agency: Agency,
        report_language: str,
        laws_file: Path | None = None,
        contacts_file: Path | None = None,
        templates_dir: Path | None = None,
    ) -> "Office":
        """Raises `BadDataFile`, also for templates or rules from which a notice could go out that lacks something."""
        laws, wording = load_laws(laws_file), load_wording()
        if (laws_file or templates_dir) and (faults := lint(laws, wording, templates_dir)):
            raise BadDataFile("; ".join(map(str, faults[:MOST_FAULTS])) + "; `haetae notices lint` tells them all")
        return Office(
            agency=agency,
            laws=laws,
            ladder=load_contacts(contacts_file),
            categories=wording,
            sentences=load(Sentences, "problems.toml"),
            kinds=load(Kinds, "xarf.toml"),
            report_language=report_language,
            templates=Templates(templates_dir),
            words=load(Words, "report_words.toml"),
        )
