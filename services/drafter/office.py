"""What the drafter knows before any case: agency, rules, contacts, sentences. Loaded once, at start."""

from dataclasses import dataclass
from pathlib import Path

from services.drafter.agency import Agency
from services.drafter.attachments import Kinds
from services.drafter.contacts.files import load_contacts
from services.drafter.contacts.graph import Contacts
from services.drafter.datafile import load
from services.drafter.law import Laws, load_laws
from services.drafter.problems import Sentences
from services.drafter.wording import Wording, load_wording


@dataclass(frozen=True)
class Office:
    agency: Agency
    laws: Laws
    ladder: Contacts
    categories: Wording
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
            ladder=load_contacts(contacts_file),
            categories=load_wording(),
            sentences=load(Sentences, "problems.toml"),
            kinds=load(Kinds, "xarf.toml"),
            report_language=report_language,
        )
