"""Which hosts a world has: language, kind, address, encoding, and how each operator behaves."""

from random import Random
from typing import TypeVar

from sandbox.model import Behaviour, Host, Kind
from sandbox.phrases import LANGUAGES, phrasebook

DEFAULT_HOSTS = 28
# The fewest that show every language, kind and operator behaviour.
FEWEST_HOSTS = 7
_WORDS = (
    "maple", "pebble", "harbor", "clover", "amber", "willow", "summit", "meadow", "cobalt", "orchard", "ripple",
    "thistle", "velvet", "walnut", "zephyr", "breeze", "cinder", "dapple", "ember", "frost", "glade", "heather",
    "jasper", "kettle", "lagoon", "mosaic", "nectar", "opal", "poplar", "quartz", "russet", "spruce", "tundra",
)  # fmt: skip
# The first host of these languages speaks an encoding from before UTF-8, as part of the real web still does.
_OLD_CHARSETS = {"ko": "euc-kr", "ja": "shift_jis", "ru": "windows-1251"}
_FIRST_BEHAVIOURS = (
    Behaviour.AT_ONCE, Behaviour.PRETEND, Behaviour.LATE, Behaviour.CLOAK, Behaviour.NEVER, Behaviour.AT_ONCE,
    Behaviour.AT_ONCE,
)  # fmt: skip
# Of eleven more operators eight act at once: most real ones do, and the run should end within minutes.
_MORE_BEHAVIOURS = (*[Behaviour.AT_ONCE] * 8, Behaviour.LATE, Behaviour.PRETEND, Behaviour.CLOAK)
_LATE_S = (10.0, 20.0)
_FRIENDS = 3
_T = TypeVar("_T")


def hosts(seed: int, scale: float) -> tuple[Host, ...]:
    rng = Random(f"world/{seed}/hosts")
    count = max(FEWEST_HOSTS, round(DEFAULT_HOSTS * scale))
    words = _shuffled(rng, _WORDS)
    behaviours = [*_FIRST_BEHAVIOURS]
    while len(behaviours) < count:
        behaviours += _shuffled(rng, _MORE_BEHAVIOURS)
    names = [_name(words, n) for n in range(count)]
    return tuple(_host(rng, n, names, behaviours[n]) for n in range(count))


def _shuffled(rng: Random, items: tuple[_T, ...]) -> list[_T]:
    return rng.sample(items, len(items))


def _kind_and_language(n: int) -> tuple[Kind, str]:
    """Every pair of the two once in 28 hosts, and every language within the first seven."""
    week, day = divmod(n, len(LANGUAGES))
    return tuple(Kind)[(week + day) % len(Kind)], LANGUAGES[day]


def _name(words: list[str], n: int) -> str:
    kind, language = _kind_and_language(n)
    again, place = divmod(n, len(words))
    return f"{words[place]}{again or ''}-{kind}.{language}.test"


def _host(rng: Random, n: int, names: list[str], behaviour: Behaviour) -> Host:
    kind, language = _kind_and_language(n)
    book = phrasebook(language)
    others = [name for name in names if name != names[n]]
    return Host(
        name=names[n],
        address=f"127.77.{n // 250}.{n % 250 + 1}",
        kind=kind,
        language=language,
        country=book.country,
        title=f"{names[n].split('-')[0].capitalize()} {book.labels[kind]}",
        charset=_OLD_CHARSETS.get(language, "utf-8") if n < len(LANGUAGES) else "utf-8",
        behaviour=behaviour,
        late_s=round(rng.uniform(*_LATE_S), 1),
        utc_offset_hours=book.utc_offset_hours,
        first_number=rng.randrange(1_000, 60_000),
        friends=tuple(rng.sample(others, _FRIENDS)),
    )
