"""In which languages a notice is written (data: `data/languages.toml`)."""

from collections.abc import Mapping, Set
from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from services.drafter.datafile import Strict, load
from shared.events.values import Recipient

ONE = 1


class Languages(Strict):
    """`second`: by the first. `most`: how many a channel takes."""

    unknown: Annotated[tuple[str, ...], Field(min_length=1)]
    most: Mapping[str, Annotated[int, Field(ge=ONE)]]
    second: Mapping[str, str]
    direction: Mapping[str, Literal["rtl"]]


@cache
def languages() -> Languages:
    return load(Languages, "languages.toml")


def languages_for(to: Recipient, available: Set[str]) -> tuple[str, ...]:
    """The notice's language, then the second where it is useful; at most as many as the channel takes.

    Among `available`; a recipient whose script is named (zh-Hant) is not written to in another.
    """
    rules, first = languages(), to.locale or to.language
    wanted = (first, *_second(first)) if first in available else rules.unknown
    return tuple(one for one in wanted if one in available)[: rules.most.get(to.channel, ONE)]


def _second(first: str) -> tuple[str, ...]:
    second = languages().second.get(first)
    return (second,) if second else ()
