"""Text of others in a document of ours (pure): short, in characters that our fonts have.

What the fonts lack, and what nobody should be led by (control characters, overrides of the writing direction), is shown
as its code points: [U+202E]. So nothing that a page, a registry or an answer says can move, hide or counterfeit our own
words.
"""

import re
import unicodedata
from itertools import groupby
from urllib.parse import urlsplit

MAX_CODES = 4  # code points shown of a run that cannot be drawn: enough to find it again in the evidence
UNBROKEN = 20  # characters of a word after which a line may break: the narrowest column holds as many
# Latin with Vietnamese, Greek, Cyrillic, Thai, Hangul.
# `test_every_character_that_is_let_through_can_be_drawn` holds the fonts to it.
RANGES = (
    *((0x20, 0x7E), (0xA1, 0x17F), (0x1A0, 0x1A1), (0x1AF, 0x1B0), (0x1EA0, 0x1EF9)),
    *((0x370, 0x3FF), (0x400, 0x45F), (0xE01, 0xE3A), (0xE3F, 0xE5B), (0xAC00, 0xD7A3)),
)
# Of East Asia what daily writing needs: KS X 1001, GB 2312, Big5 with its rare level 2 left out, JIS X 0208.
EAST_ASIAN = (("euc_kr", 0xFF), ("gb2312", 0xFF), ("big5", 0xC8), ("euc_jp", 0xFF))
# Of a Thai word nothing is torn off: where its words end, typst knows.
_LONG = re.compile(rf"([^\s\u0e00-\u0e7f]{{{UNBROKEN}}})(?=[^\s\u0e00-\u0e7f])")
FILLER = "\u3164"  # a letter of Hangul, and of EUC-KR, that nobody sees


def drawable(character: str) -> bool:
    if not character.isprintable() or character == FILLER:  # control, format (overrides of direction), unassigned …
        return False
    if any(first <= ord(character) <= last for first, last in RANGES):
        return True
    return any(_in(charset, last, character) for charset, last in EAST_ASIAN)


def _in(charset: str, last: int, character: str) -> bool:
    """Whether the charset has it, with a first byte up to `last`; in two bytes: EUC-JP's three are JIS X 0212."""
    try:
        code = character.encode(charset)
    except UnicodeEncodeError:
        return False
    return len(code) <= 2 and code[0] <= last


def shown(text: str, limit: int) -> str:
    """At most about `limit` characters, with "…" at the end when there were more."""
    beginning = unicodedata.normalize("NFC", text[: limit + 1])
    spaced = " ".join("".join(" " if character in "\t\r\n" else character for character in beginning).split())
    runs = ["".join(run) if fine else codes("".join(run)) for fine, run in groupby(spaced, drawable)]
    return breakable(cut("".join(runs), limit, more=len(text) > limit))


def paragraphs(text: str, limit: int, most: int) -> list[str]:
    """Of a text with lines, the first `most`, each as `shown`; its indentation goes, its empty lines stay."""
    lines = text[: limit * most].splitlines()
    told = [shown(line, limit) for line in lines[:most]]
    return [*told, "…"] if len(lines) > most or len(text) > limit * most else told


def codes(run: str) -> str:
    listed = " ".join(f"U+{ord(character):04X}" for character in run[:MAX_CODES])
    return f"[{listed}{' …' if len(run) > MAX_CODES else ''}]"


def cut(text: str, limit: int, more: bool) -> str:
    return text if len(text) <= limit and not more else text[: limit - 1] + "…"


def breakable(text: str) -> str:
    """The text with a place to break in long words (ZERO WIDTH SPACE), so that none leaves its column."""
    return _LONG.sub("\\1\u200b", text)


def defanged(url: str, limit: int) -> str:
    """The address as a person reads it and no program follows it: hxxps://board[.]test/post/41"""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return shown(url.replace(".", "[.]"), limit)
    host = _authority(url) or rest
    safe = rest.replace(host, host.replace(".", "[.]"), 1)
    return shown(f"{scheme.replace('http', 'hxxp')}://{safe}", limit)


def _authority(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:  # no address: then every dot of it is made harmless
        return ""
