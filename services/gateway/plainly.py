"""Text of others as a page shows it: what moves, hides or counterfeits words is shown as its code points."""

import re

# Control characters, overrides and isolates of the writing direction, what has no width, private use, tags, surrogates.
# Line feed and tabulator stay, and the joiners that some scripts need (U+200C, U+200D).
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\ue000-\uf8ff\U000e0000-\U0010ffff]"
)
_LINES = re.compile(r"\r\n?")


def plainly(text: object) -> str:
    """`abc[U+202E]cba`"""
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", _LINES.sub("\n", str(text)))
