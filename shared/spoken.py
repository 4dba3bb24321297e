"""Which language a text is in (pure): by its script, where the script says it, else by its words."""

import re

LOOKED_AT = 1_000  # characters: enough for any language, a tenth of a millisecond
GLANCED_AT = 300  # characters that tell a script
LEAST_LETTERS = 20
# Scripts that one language of the web uses; Japanese before Chinese, because it writes with Chinese characters too.
BY_SCRIPT = tuple(
    (language, re.compile(f"[{letters}]"))
    for language, letters in (
        ("ko", "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"),
        ("ja", "\u3040-\u30ff"),
        ("th", "\u0e00-\u0e7f"),
        ("zh", "\u3400-\u4dbf\u4e00-\u9fff"),
        ("el", "\u0370-\u03ff"),
        ("he", "\u0590-\u05ff"),
    )
)
SHARE = 0.2  # of a text's characters: names and quotations in another script are fewer
KANA_SHARE = 0.05  # a Japanese text may be mostly Chinese characters, a Chinese one has no kana
LANGUAGE = re.compile(r"[a-z]{2}")


def by_script(text: str, declared: str | None) -> str | None:
    """ISO 639-1. What the page declares, unless its script says otherwise: templates are copied with their `lang`."""
    beginning = text[:GLANCED_AT]
    if not beginning.isascii():
        for language, letters in BY_SCRIPT:
            share = KANA_SHARE if language == "ja" else SHARE
            if len(letters.findall(beginning)) > share * len(beginning):
                return language
    return declared


def by_words(text: str) -> str | None:
    """ISO 639-1. The first call takes half a second, some megabytes and a temporary file: only whoever meets a page
    that does not say its language pays for it."""
    if sum(map(str.isalpha, text[:LOOKED_AT])) < LEAST_LETTERS:
        return None
    from py3langid import classify

    found = str(classify(text[:LOOKED_AT])[0])
    return found if LANGUAGE.fullmatch(found) else None
