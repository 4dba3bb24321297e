"""What an answer means (pure; words: `data/answers.toml`). What is not clear is left to a person."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from shared.events import AnswerKind

FILE = Path(__file__).with_name("data") / "answers.toml"
MAX_JUDGED = 8_000  # characters: an answer says what it says at the beginning
SENTENCE = re.compile(r"(?<=[.!?。！？;；])\s*|\n\s*\n")


@cache
def phrases() -> Mapping[str, tuple[str, ...]]:
    """By kind, those of all languages."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {kind: tuple(word for words in by.values() for word in words) for kind, by in data.items()}


def judge(subject: str, answer: str, automatic: bool, ticket: str) -> AnswerKind:
    """`answer` without quotes. The subject speaks only where the text says nothing: it is mostly our own.

    A counter-notice outweighs everything (a person has to look), any other two together are unclear. A confirmation of
    receipt says nothing against a decision in the same mail.
    """
    said = meanings(answer)
    if AnswerKind.COUNTER_NOTICE in said:
        return AnswerKind.COUNTER_NOTICE
    decided = said - {AnswerKind.RECEIPT}
    if len(decided) > 1:
        return AnswerKind.UNCLEAR
    if decided:
        return decided.pop()
    away = automatic or _holds("away", f"{subject}\n{answer[:MAX_JUDGED]}".casefold())
    if ticket:
        return AnswerKind.RECEIPT
    if away:
        return AnswerKind.AUTO_REPLY
    return AnswerKind.RECEIPT if AnswerKind.RECEIPT in said else AnswerKind.UNCLEAR


def meanings(answer: str) -> set[AnswerKind]:
    return {kind for sentence in sentences(answer) for kind in _said_in(sentence)}


def _said_in(sentence: str) -> set[AnswerKind]:
    """A refusal is the negation of the words of a removal, and its own "will not" is no hedge."""
    found = {kind for kind in (AnswerKind.COUNTER_NOTICE, AnswerKind.RECEIPT) if _holds(kind.value, sentence)}
    rest = _without("refused", sentence)
    if _holds("hedges", rest):
        return found
    if rest != sentence:
        return found | {AnswerKind.REFUSED}
    return found | {kind for kind in (AnswerKind.REMOVED, AnswerKind.QUESTION) if _holds(kind.value, sentence)}


def sentences(text: str) -> Iterator[str]:
    """Lower case, wrapped lines joined; a space at either end, so that whole words can be asked for."""
    for part in SENTENCE.split(text[:MAX_JUDGED]):
        if joined := " ".join(part.casefold().split()):
            yield f" {joined} "


def _without(kind: str, text: str) -> str:
    for phrase in phrases()[kind]:
        text = text.replace(phrase, "\x00")
    return text


def _holds(kind: str, text: str) -> bool:
    return any(phrase in text for phrase in phrases()[kind])
