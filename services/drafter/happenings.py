"""What happened to a case's notices, in words (data: `data/happenings.toml`)."""

from collections.abc import Mapping

from services.drafter.datafile import Strict
from services.drafter.law import Laws, Texts, text_in
from shared.events import LogLine
from shared.text import one_line

MAX_PART, MOST_PARTS = 200, 10  # characters of a part that came from elsewhere, as a ticket does; parts of a line
LAW = "law"  # the part whose value is the key of a rule


class Happenings(Strict):
    """Words for a line's kind, and for the names and values of its detail (`name=value; name=value`)."""

    what: Mapping[str, Texts]
    name: Mapping[str, Texts]
    value: Mapping[str, Texts]

    def tell(self, line: LogLine, laws: Laws, language: str) -> str:
        """One line: what happened, with whom, and the particulars."""
        said = ", ".join(part for part in (_words(self.what, line.what, language), _shown(line.recipient)) if part)
        particulars = "; ".join(
            self._part(part, laws, language) for part in line.detail.split("; ")[:MOST_PARTS] if part
        )
        return f"{said} ({particulars})" if particulars else said

    def _part(self, part: str, laws: Laws, language: str) -> str:
        name, equals, value = part.partition("=")
        if not equals:
            return _shown(part)
        cited = laws.cited(value, language) if name == LAW else ""
        return f"{_words(self.name, name, language)}: {cited or _words(self.value, value, language)}"


def _words(known: Mapping[str, Texts], key: str, language: str) -> str:
    return text_in(known[key], language) if key in known else _shown(key)


def _shown(text: str) -> str:
    return one_line(text, MAX_PART)
