"""The fields of a line of the sites list (pure): what each may hold, and the cure for what it may not."""

import json
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from services.crawler.registry.grounds import DEFAULT_GROUND, GROUNDS
from shared.events.values import SiteKind
from shared.rows import json_object

FIELDS = (
    "url", "name", "kind", "language", "country", "abuse_email", "requests_per_second", "revisit_seconds",
    "obey_robots", "legal_ground", "visits_per_day", "exit", "credential", "connector", "options",
    "renders", "sole_purpose", "paused",
)  # fmt: skip
REQUIRED = ("url", "name")
DEFAULT_PACE = 1.0  # requests a second, as other polite crawlers
DEFAULT_REVISIT_S = 300.0  # a new post is found within five minutes
MOST_PACE = 1_000.0  # a typing error, or a benchmark
LEAST_REVISIT_S = 1.0
MOST_VISITS = 10_000_000  # a day: what 100 a second make
MAX_NAME = 200
MAX_OPTIONS = 4_000  # characters: a few words for a connector, no data

# What neither a database nor a line of CSV can hold: controls, and surrogates without their other half.
UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
PATTERNS = {
    "language": re.compile(r"^[a-z]{2}$"),
    "country": re.compile(r"^[A-Z]{2}$"),
    "abuse_email": re.compile(r"^[^@\s<>,;]{1,64}@[^@\s<>,;]+\.[^@\s<>,;.]+$"),
    "exit": re.compile(r"^[a-z0-9][a-z0-9_-]{0,63}$"),
    "credential": re.compile(r"^[a-z0-9][a-z0-9_-]{0,63}$"),
    "connector": re.compile(r"^[a-z0-9][a-z0-9_:.-]{0,127}$"),
}
NUMBERS = {  # default, least, most
    "requests_per_second": (DEFAULT_PACE, 1e-6, MOST_PACE),
    "revisit_seconds": (DEFAULT_REVISIT_S, LEAST_REVISIT_S, 1e9),
}
CURES = {
    "url": "give the address where the site's newest posts are listed, such as https://board.test/",
    "name": f"give the site's name, at most {MAX_NAME} characters",
    "kind": f"give one of {', '.join(SiteKind)}",
    "language": "give two small letters (ISO 639-1) such as ko, or leave it empty",
    "country": "give two capitals (ISO 3166-1) such as KR, or leave it empty",
    "abuse_email": "give one mail address, or leave it empty",
    "requests_per_second": f"give a number above 0, at most {MOST_PACE:g}",
    "revisit_seconds": f"give a number of at least {LEAST_REVISIT_S:g}",
    "obey_robots": "give yes, or no under a legal ground that allows it, or leave it empty (as the ground says)",
    "legal_ground": f"give one of {', '.join(GROUNDS)}, or leave it empty ({DEFAULT_GROUND})",
    "visits_per_day": f"give a whole number from 1 to {MOST_VISITS}, or leave it empty (no bound)",
    "exit": "give the name of an exit in small letters, or leave it empty (the country's exit, else the direct way)",
    "credential": "give the name of an entry of the credentials file in small letters, or leave it empty",
    "connector": "give the name of a connector, or leave it empty (the pages are read)",
    "options": f'give a JSON object of at most {MAX_OPTIONS} characters such as {{"room": "!a:chat.test"}}, or nothing',
    "renders": "give yes where pages are empty without a browser, no, or leave it empty (no)",
    "sole_purpose": "give yes where its operator is to be told nothing, no, or leave it empty (as it is; else no)",
    "paused": "give yes, no, or leave it empty (as it is; a new site is watched)",
}


class Wrong(ValueError):
    """`field: what was given cannot be used; the cure`."""

    def __init__(self, field: str, value: object, cure: str = "") -> None:
        shown = f"{value!r:.100}" if value not in (None, "") else "nothing"
        super().__init__(f"{field}: {shown} cannot be used; {cure or CURES[field]}")


@dataclass(frozen=True)
class Names:
    """What a line may name: the exits and credentials that there are. None: nobody knows, any will do.

    `check_connector(connector, options, legal_ground)` raises ValueError naming the field and the cure.
    """

    exits: Collection[str] | None = None
    credentials: Collection[str] | None = None
    check_connector: Callable[[str, str | None, str], None] | None = None


class Given:
    """The values of a line as text. Each method gives a field's value, or raises `Wrong`."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = {name: _text(values.get(name)) for name in FIELDS}
        for field, value in self._values.items():
            if UNWRITABLE.search(value):
                raise Wrong(field, value, "take out the control characters and the halves of characters")

    def __getitem__(self, field: str) -> str:
        return self._values[field]

    def text(self, field: str, most: int) -> str:
        value = self[field]
        if not 0 < len(value) <= most:
            raise Wrong(field, value)
        return value

    def one_of(self, field: str, choices: Collection[str], default: str) -> str:
        value = self[field] or default
        if value not in choices:
            raise Wrong(field, value)
        return value

    def matching(self, field: str) -> str | None:
        if self[field] and not PATTERNS[field].fullmatch(self[field]):
            raise Wrong(field, self[field])
        return self[field] or None

    def number(self, field: str) -> float:
        default, least, most = NUMBERS[field]
        try:
            number = float(self[field] or default)
        except ValueError:
            raise Wrong(field, self[field]) from None
        if not math.isfinite(number) or not least <= number <= most:
            raise Wrong(field, self[field])
        return number

    def whole(self, field: str, most: int) -> int | None:
        if not self[field]:
            return None
        if not re.fullmatch(r"[0-9]{1,12}", self[field]) or not 0 < int(self[field]) <= most:
            raise Wrong(field, self[field])
        return int(self[field])

    def yes_or_no(self, field: str) -> bool | None:
        """None when nothing was given."""
        answers = {"": None, "yes": True, "true": True, "no": False, "false": False}
        if self[field].lower() not in answers:
            raise Wrong(field, self[field])
        return answers[self[field].lower()]

    def options(self) -> str | None:
        """The JSON of an object, in one spelling."""
        try:
            value = json_object(self["options"]) if self["options"] else {}
        except ValueError:
            raise Wrong("options", self["options"]) from None
        spelt = json.dumps(value, ensure_ascii=False, sort_keys=True)
        if len(spelt) > MAX_OPTIONS or UNWRITABLE.search(spelt):
            raise Wrong("options", spelt)
        return spelt if value else None


def _text(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value).strip()
