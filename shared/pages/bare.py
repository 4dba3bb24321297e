"""Text without its dress (pure), so that the same words compare equal however they are set."""

import re
import unicodedata

NOT_WORD = re.compile(r"[\W_]+")


def bare(text: str) -> str:
    """Letters and digits only: neither markup nor spelling of blanks, signs and accents matters. Signs go first too:
    normalising a long run of combining ones takes time with its square."""
    decomposed = unicodedata.normalize("NFKD", NOT_WORD.sub("", text))
    return unicodedata.normalize("NFC", NOT_WORD.sub("", decomposed)).casefold()
