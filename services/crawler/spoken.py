"""Which language a text is in (pure): by its script, where the script says it, else by its words."""

import re

from services.crawler.weight import has_letters

LOOKED_AT = 1_000  # characters: enough for any language, a tenth of a millisecond
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


def language_of(text: str, declared: str | None) -> str | None:
    """ISO 639-1. What the page declares, unless its script says otherwise: templates are copied with their `lang`."""
    beginning = text[:LOOKED_AT]
    if declared and beginning.isascii():
        return declared
    return _by_script(beginning) or declared or _by_words(beginning)


def _by_script(text: str) -> str | None:
    for language, letters in BY_SCRIPT:
        if len(letters.findall(text)) > (KANA_SHARE if language == "ja" else SHARE) * len(text):
            return language
    return None


def _by_words(text: str) -> str | None:
    if not has_letters(text, LEAST_LETTERS):
        return None
    # Half a second and some megabytes at the first call: only for whoever meets a page that does not say its language.
    from py3langid import classify

    found = str(classify(text)[0])
    return found if LANGUAGE.fullmatch(found) else None
