"""The typed words of a template: nothing that has to come from data, nothing that is no plain text."""

import re
import unicodedata
from collections.abc import Iterator

from services.drafter.lint.faults import Fault
from shared.text import UNSEEN

TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.S)
# Numbers that are no facts: of a section, of a picture in its list, of a hash function's name.
OWN_NUMBERS = re.compile(r"^\d\. |\(\d\)|SHA-256")
NUMBER = re.compile(r"\d|第[一二三四五六七八九十百]+[条條]")  # \d knows the digits of every script
ADDRESS = re.compile(r"https?:|www\.|\.test\b|\.com\b", re.I)
MARKUP = re.compile(r"</?[a-z!][^>]*>|\b(?:cid|data):\S", re.I)


def typed(file: str, source: str) -> Iterator[Fault]:
    for number, line in enumerate(_without_tags(source).split("\n"), start=1):
        for what, cure in _judge(line):
            yield Fault(file, number, what, cure)


def _judge(line: str) -> Iterator[tuple[str, str]]:
    if ADDRESS.search(line):
        yield "an address is typed", "addresses come from `addresses.page` and `picture.url` alone"
    if MARKUP.search(line):
        yield "markup or an embedded part", "a notice is plain text and has no picture"
    if found := NUMBER.search(OWN_NUMBERS.sub("", line)):
        yield (
            f"the number {found[0]!r} is typed",
            "articles come from `citation` (laws.toml), hours from `clock.hours` or `wish_hours`, dates from `date`",
        )
    if hidden := [character for character in line if unicodedata.category(character) in UNSEEN]:
        yield f"the invisible character U+{ord(hidden[0]):04X}", "take it out"


def _without_tags(source: str) -> str:
    """The source with its tags blanked, line by line as it was."""
    return TAG.sub(lambda tag: "\n" * tag[0].count("\n"), source)
