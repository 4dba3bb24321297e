"""A person changes the words of a notice before its approval: what proves a demand of the law stays, and nothing that
leads elsewhere comes in. Pure.

The notice gets a new digest and needs its approval like any other; its reading in Korean stays that of the draft.
"""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from services.gateway.notices.proofs import LOCKED
from services.gateway.plainly import plainly
from services.gateway.problems import Problem
from shared.events.values import Notice
from shared.notices import sealed

MAX_SUBJECT = 250  # characters: a line of a mail has 998 octets (RFC 5322, 2.1.1), of which Hangul takes three each
MAX_BODY = 60_000  # the longest drafts, with two hundred addresses, have 40,000
# The channels whose recipient gets subject and body as they stand here. Of the others a form or an API gets `fields`,
# which were drafted with the body: to change the one and not the other would say two things.
EDITABLE = ("mail",)
# Whatever a reader could follow or write to: addresses of pages with or without a scheme, mailboxes and handles, IP
# addresses, telephone numbers. Browsers take the full stop of Chinese and Japanese for a dot too, and readers one in
# brackets. Found generously: what the draft has already may stay. Each repetition is bounded, so that no text takes
# longer than its length.
LEADS = re.compile(
    r"[a-z][a-z0-9+.-]{0,20}://\S+|[\w.+-]{0,64}@[\w.-]{1,253}"
    r"|(?:[\w\u2190-\u2bff\U0001f000-\U0001faff-]{1,63}(?:\.|\[\.\]|\(\.\))){1,10}[^\W\d_]{2,24}\b(?:/\S*)?"
    r"|[\w-]{1,63}。[a-zа-я가-힣]{2,24}|\b\d{1,3}(?:\.\d{1,3}){3}\b|\+?\d[\d ()-]{6,30}\d"
    r"|\d{2,4}[./·‐-―]\d{3,4}[./·‐-―]\d{4}",
    re.IGNORECASE,
)
AFTER = ".,;:!?)]}>\"'"  # what follows an address in a sentence
DECORATING = ("Mn", "Me", "Cf")  # categories of signs that stand on or between letters and name none themselves
WORD = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")
MOST_COMPARED = 1_500  # words, or else lines, of either side: difflib takes the square of it, here a quarter second


@dataclass(frozen=True)
class Change:
    """A piece of both texts (`kept`), of the draft alone (`out`) or of the edited text alone (`in`)."""

    kind: str
    text: str


def edited(notice: Notice, subject: str, body: str) -> Notice:
    """The notice with these words and its new digest. Raises `Problem` 409 or 422."""
    if notice.recipient.channel not in EDITABLE:
        raise Problem(409, "not-editable", channel=notice.recipient.channel)
    subject, body = subject.strip(), ended(lined(body), notice.body)
    check_shape(subject, body)
    check_kept(notice, subject, body)
    check_leads(notice, subject, body)
    return sealed(notice.model_copy(update={"subject": subject, "body": body}))


def lined(text: str) -> str:
    """With line feeds alone, as drafts have them: browsers send CR LF (HTML, 4.10.22.4)."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def ended(text: str, as_in: str) -> str:
    """With the draft's end of line: a field of a form loses and wins blank lines there."""
    return text.rstrip() + as_in[len(as_in.rstrip()) :]


def check_shape(subject: str, body: str) -> None:
    """Bounds, and no sign that moves or hides words."""
    for field, text, most in (("subject", subject, MAX_SUBJECT), ("body", body, MAX_BODY)):
        if not text.strip():
            raise Problem(422, "no-words", field=field)
        if len(text) > most:
            raise Problem(422, "too-long", field=field, most=most)
        if str(plainly(text)) != text or (field == "subject" and not text.isprintable()):
            raise Problem(422, "hidden-signs", field=field)


def check_kept(notice: Notice, subject: str, body: str) -> None:
    """Each as often as in the draft. Raises `Problem` 422 "words-locked" with the first that is missing."""
    for field, before, after in (("subject", notice.subject, subject), ("body", notice.body, body)):
        present = fixed(after)
        present.update(one.rstrip(AFTER) for one in list(present.elements()) if one[-1] in AFTER)
        missing = [*(fixed(before) - present), *(words for words in proving(notice, before) if words not in after)]
        if missing:
            raise Problem(422, "words-locked", field=field, words=shortened(missing[0]))


def fixed(text: str) -> Counter[str]:
    """Addresses, digests, dates and our reference, each whole: an address may begin like another one."""
    return Counter(match.group() for match in LOCKED.finditer(text))


def proving(notice: Notice, text: str) -> Iterator[str]:
    """Of this text, the article, and the words that satisfy a demand of the law."""
    known = {one.satisfied_by.strip() for one in notice.requirements} | {notice.fields.get("citation", "").strip()}
    yield from (words for words in sorted(known) if words and words in text)


def check_leads(notice: Notice, subject: str, body: str) -> None:
    """Raises `Problem` 422 "leads-elsewhere" for an address that the draft has not."""
    known = set(leads((notice.subject, notice.body)))
    for field, text in (("subject", subject), ("body", body)):
        for found in leads((text,)):
            if found not in known:
                raise Problem(422, "leads-elsewhere", field=field, words=shortened(found))


def leads(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for match in LEADS.finditer(bare(text)):
            yield match.group().rstrip(AFTER).casefold()


def bare(text: str) -> str:
    """As browsers (UTS 46) and readers take it: letters of other forms are plain ones, what decorates them is gone."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in plain if sign.isascii() or unicodedata.category(sign) not in DECORATING)


def shortened(words: str) -> str:
    return words if len(words) <= 120 else f"{words[:119]}…"


def words_changed(before: str, after: str) -> list[Change]:
    """The two texts word by word; line by line, or whole, where they are long. Without `out` it is the edited one."""
    old, new = compared(before, after)
    changes: list[Change] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            changes.append(Change("kept", "".join(old[i:j])))
            continue
        changes += [Change(kind, "".join(part)) for kind, part in (("out", old[i:j]), ("in", new[k:m])) if part]
    return changes


def compared(before: str, after: str) -> tuple[list[str], list[str]]:
    ways: list[Callable[[str], list[str]]] = [WORD.findall, lambda text: text.splitlines(keepends=True)]
    for way in ways:
        old, new = way(before), way(after)
        if max(len(old), len(new)) <= MOST_COMPARED:
            return old, new
    return [before], [after]
