"""Faults of the templates and data that notices are made of, before any notice is."""

from pathlib import Path

from jinja2 import TemplateError

from services.drafter.law import Laws
from services.drafter.lint.data import agreeing
from services.drafter.lint.faults import Fault
from services.drafter.lint.proofs import OCCASIONS, proven
from services.drafter.lint.tags import tagged
from services.drafter.lint.text import typed
from services.drafter.rendering import TEMPLATES, environment
from services.drafter.wording import Wording

# Those of the report go to nobody; parts are checked where they are included, too.
REPORT, PARTS = "report", ("ask", "recipient", "pictures", "digests")


def lint(laws: Laws, wording: Wording, own: Path | None = None) -> tuple[Fault, ...]:
    """Of the package's templates; or of `own`, an agency's folder, whose templates stand in for the package's of the
    same name, and of what is made with them.

    Reads files, does nothing else.
    """
    templates = environment(*([own] if own else []))
    files = [path for path in sorted((own or TEMPLATES).glob("*.txt")) if _occasion(path.name) != REPORT]
    faults: list[Fault] = []
    for path in files:
        try:
            source = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            faults.append(Fault(path.name, 1, "it is not UTF-8", "save it in that encoding"))
            continue
        faults += typed(path.name, source)
        if _occasion(path.name) not in (*OCCASIONS, *PARTS):
            faults.append(
                Fault(path.name, 1, "nothing uses this file", f"name it {', '.join(OCCASIONS)}.<language>.txt")
            )
        try:
            faults += tagged(path.name, source, templates.parse(source))
        except TemplateError as error:
            faults.append(Fault(path.name, getattr(error, "lineno", 1), str(error), "close what is open"))
    if not faults:  # what does not parse cannot be rendered, and would be told twice
        for name in _made_with({path.name for path in files}):
            faults += proven(name, templates, laws, wording)
    languages = frozenset(_language(path.name) for path in TEMPLATES.glob("notice.*.txt"))
    return tuple(sorted({*faults, *agreeing(laws, wording, languages)}))


def _made_with(names: set[str]) -> list[str]:
    """The texts of an occasion that these files are a part of: those of their languages, or all."""
    languages, shared = {_language(name) for name in names}, any(name.count(".") == 1 for name in names)
    known = names | {path.name for path in TEMPLATES.glob("*.txt")}
    made = (name for name in known if _occasion(name) in OCCASIONS)
    return sorted(name for name in made if shared or _language(name) in languages)


def _occasion(name: str) -> str:
    return name.partition(".")[0]


def _language(name: str) -> str:
    return name.split(".")[1]


__all__ = ["Fault", "lint"]
