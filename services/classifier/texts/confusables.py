"""Characters that stand for others, for comparing texts and not for showing them.

The idea is the skeleton of Unicode Technical Standard 39: look-alikes of every script become one letter, wherever they
stand. A Russian word loses nothing by it that training does not lose as well, and no context has to be guessed, so
that a spaced-out or mixed word comes out the same as a plain one.
"""

# Case-folded Cyrillic and Greek, with the Latin letter that they or their capitals look like.
CYRILLIC = dict(zip("авеорсухіјѕԁԛԝһкмтнү", "abeopcyxijsdqwhkmthy", strict=True))
GREEK = dict(zip("αβεζηικμνορτυχ", "abezhikmnoptyx", strict=True))
# Letters that Unicode does not decompose into a base and a mark.
STROKED = {"ı": "i", "ł": "l", "đ": "d", "ø": "o", "ħ": "h", "ŧ": "t"}
LEET = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"}

SKELETON = str.maketrans({**CYRILLIC, **GREEK, **STROKED, **LEET})

# Drawn as nothing: zero-width and direction marks, soft hyphen, variation selectors, fillers, tags.
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff"
)
# Combining marks of Latin, Cyrillic and Greek letters, without the vowel signs of Thai and Indic scripts.
ACCENTS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
# Blocks whose vowel signs `\w` does not count as letters, though words consist of them.
SIGNED_SCRIPTS = "\u0900-\u109f\u1780-\u17ff"
