"""Which encoding a page is in (pure): what its bytes can only be, else what it says, else what they look like."""

import codecs
import re
from collections.abc import Iterator

from turbohtml.detect import detect

# Labels as browsers read them (WHATWG Encoding, 4.2) → Python's codec. Others are not trusted: Python knows
# "encodings" that are no text.
LABELS = {
    "utf-8": "utf-8", "utf8": "utf-8", "utf-16": "utf-16-le", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be",
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "ksc5601": "cp949", "cp949": "cp949", "windows-949": "cp949",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "windows-31j": "cp932", "x-sjis": "cp932",
    "euc-jp": "euc_jp", "x-euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp",
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "x-gbk": "gb18030", "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs", "windows-1251": "cp1251", "cp1251": "cp1251", "koi8-r": "koi8_r", "koi8-u": "koi8_u",
    "iso-8859-5": "iso8859_5", "ibm866": "cp866", "cp866": "cp866", "x-mac-cyrillic": "mac_cyrillic",
    "windows-1258": "cp1258", "tis-620": "cp874", "windows-874": "cp874", "iso-8859-11": "cp874",
    "windows-1250": "cp1250", "iso-8859-2": "iso8859_2", "windows-1254": "cp1254", "iso-8859-9": "cp1254",
    "windows-1253": "cp1253", "iso-8859-7": "iso8859_7", "windows-1255": "cp1255", "iso-8859-8": "iso8859_8",
    "windows-1256": "cp1256", "iso-8859-6": "iso8859_6", "windows-1257": "cp1257", "iso-8859-4": "iso8859_4",
    "windows-1252": "cp1252", "iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252",
}  # fmt: skip
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
ASIAN = frozenset({"cp949", "cp932", "euc_jp", "gb18030", "big5hkscs"})
# What servers say who were never told. A page in another script that says it is in one of these says nothing.
DEFAULTS = frozenset({"cp1252"})
LATIN = frozenset({"cp1250", "cp1252", "cp1254", "cp1257", "iso8859_2", "iso8859_4"})
# What a page that says nothing and looks like nothing is written in, the likeliest first.
BY_LANGUAGE = {
    "ko": ("cp949",), "ja": ("euc_jp", "cp932"), "zh": ("gb18030", "big5hkscs"), "ru": ("cp1251",), "vi": ("cp1258",),
    "th": ("cp874",),
}  # fmt: skip
IN_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE)
IN_PAGE = re.compile(
    rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([\w:.-]+)|<\?xml[^>]{0,200}?encoding=[\"']([\w:.-]+)", re.IGNORECASE
)
META_WITHIN = 4096  # bytes in which a page must say its encoding; the standard says 1024, pages are less exact
# Up to this share of damaged characters a page is still what it says (a cut-off or a foreign comment, not an encoding).
DAMAGED = 0.01
LOOKED_AT = 16_000  # bytes from the first that is not ASCII: enough for statistics, a millisecond
NOT_ASCII = re.compile(rb"[\x80-\xff]")


def decode(body: bytes, content_type: str = "", language: str | None = None) -> str:
    """The text of a page. Never fails: what cannot be read becomes U+FFFD."""
    for mark, codec in BOMS:
        if body.startswith(mark):
            return body.decode(codec, "replace")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _best(body, content_type, language)
    # Nothing else in use is valid UTF-8 by chance, whatever the page says; only what is ASCII may be something else.
    return text if b"\0" not in body and b"\x1b" not in body else _best(body, content_type, language)


def _best(body: bytes, content_type: str, language: str | None) -> str:
    candidates = list(_candidates(body, content_type, language))
    for codec in candidates:
        text = body.decode(codec, "replace")
        if text.count("\ufffd") <= DAMAGED * len(text):
            return text
    return body.decode(candidates[0], "replace")


def _candidates(body: bytes, content_type: str, language: str | None) -> Iterator[str]:
    if wide := _utf_16(body):
        yield wide
    said, seen = _said(body, content_type), _seen(body)
    if said and not _is_lie(said, seen, body):
        yield said
    if seen == "iso2022_jp":  # whose bytes are all ASCII
        yield seen
    yield "utf-8"
    of_language = BY_LANGUAGE.get(language or "", ())
    if seen in LATIN:  # which a short text in any single-byte encoding looks like
        yield from of_language
    if seen:
        yield seen
    yield from of_language
    yield "cp1252"


def _is_lie(said: str, seen: str | None, body: bytes) -> bool:
    if said.startswith("utf-16"):
        return b"\0" not in body  # which its markup has
    if seen == "iso2022_jp":  # whose escape sequences nothing else has
        return said != seen
    return seen is not None and (seen not in LATIN if said in DEFAULTS else seen in ASIAN and said not in ASIAN)


def _said(body: bytes, content_type: str) -> str | None:
    if (found := IN_HEADER.search(content_type)) and (codec := LABELS.get(found[1].lower())):
        return codec
    if (meta := IN_PAGE.search(body[:META_WITHIN])) is None:
        return None
    codec = LABELS.get((meta[1] or meta[2]).decode("ascii", "replace").lower())
    # A page whose `meta` could be read is not in UTF-16 (WHATWG HTML, 13.2.3.3).
    return "utf-8" if codec and codec.startswith("utf-16") else codec


def _seen(body: bytes) -> str | None:
    """What the bytes look like, whatever they say; None when like nothing."""
    first = NOT_ASCII.search(body)
    start = max(0, first.start() - 100) if first else 0
    piece = IN_PAGE.sub(b"", body[start : start + LOOKED_AT])
    if len(piece) > LOOKED_AT // 2 and (end := max(piece.rfind(b"<"), piece.rfind(b" "))) > 0:
        piece = piece[:end]  # half a character at the end would speak against its encoding
    match = detect(piece)
    return LABELS.get((match.encoding or "").lower()) if match.confidence else None


def _utf_16(body: bytes) -> str | None:
    """Markup in UTF-16 has a zero in every other byte."""
    beginning = body[:400]
    even, odd = beginning[::2].count(0), beginning[1::2].count(0)
    if max(even, odd) * 4 < len(beginning) or min(even, odd) * 4 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"
