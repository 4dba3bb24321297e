"""What an answer means (pure; words: `data/answers.toml`). What is not clear is left to a person."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path

from shared.events import AnswerKind

FILE = Path(__file__).with_name("data") / "answers.toml"
MAX_JUDGED, MAX_SENTENCES = 8_000, 300  # characters: an answer says what it says at the beginning
SENTENCE = re.compile(r"(?<=[.!?。！？;；])\s*|\n\s*\n")
ASKING = ("?", "？")
DECISIONS = {AnswerKind.REMOVED, AnswerKind.REFUSED}


@cache
def phrases() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """By language, then kind."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    languages = dict.fromkeys(language for by in data.values() for language in by)
    return {one: {kind: tuple(by.get(one, ())) for kind, by in data.items()} for one in languages}


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
    beginning = f"{subject}\n{answer[:MAX_JUDGED]}".casefold()
    if decided & DECISIONS and any(_holds(words["pending"], beginning) for words in phrases().values()):
        return AnswerKind.UNCLEAR
    if decided:
        return decided.pop()
    away = automatic or any(_holds(words["away"], beginning) for words in phrases().values())
    if ticket:
        return AnswerKind.RECEIPT
    if away:
        return AnswerKind.AUTO_REPLY
    return AnswerKind.RECEIPT if AnswerKind.RECEIPT in said else AnswerKind.UNCLEAR


def meanings(answer: str) -> set[AnswerKind]:
    said = islice(sentences(answer), MAX_SENTENCES)
    return {kind for sentence in said for words in phrases().values() for kind in _said(sentence, words)}


def _said(sentence: str, words: Mapping[str, tuple[str, ...]]) -> set[AnswerKind]:
    """A refusal is the negation of the words of a removal, and its own "will not" is no hedge. Who asks decides
    nothing; that one may file a counter-notice stands below most confirmations of receipt."""
    found = {kind for kind in (AnswerKind.COUNTER_NOTICE, AnswerKind.RECEIPT) if _holds(words[kind], sentence)}
    rest = _without(words[AnswerKind.REFUSED], sentence)
    if _holds(words["hedges"], rest):
        return found - {AnswerKind.COUNTER_NOTICE}
    if sentence.rstrip().endswith(ASKING):
        return {AnswerKind.QUESTION} if _holds(words[AnswerKind.QUESTION], sentence) else set()
    if rest != sentence:
        return found | {AnswerKind.REFUSED}
    return found | {kind for kind in (AnswerKind.REMOVED, AnswerKind.QUESTION) if _holds(words[kind], sentence)}


def sentences(text: str) -> Iterator[str]:
    """Lower case, wrapped lines joined; a space at either end, so that whole words can be asked for."""
    for part in SENTENCE.split(text[:MAX_JUDGED]):
        if joined := " ".join(part.casefold().split()):
            yield f" {joined} "


def _without(phrases: tuple[str, ...], text: str) -> str:
    for phrase in phrases:
        text = text.replace(phrase, "\x00")
    return text


def _holds(phrases: tuple[str, ...], text: str) -> bool:
    return any(phrase in text for phrase in phrases)
