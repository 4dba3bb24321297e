"""Which encoding a page is in (pure): what it says, else what fits its language."""

import codecs
import re
from collections.abc import Sequence

# Labels as browsers read them (WHATWG Encoding, 4.2) → Python's codec. Others are not trusted: Python knows
# "encodings" that are no text.
LABELS = {
    "utf-8": "utf-8", "utf8": "utf-8", "utf-16": "utf-16-le", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be",
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "ksc5601": "cp949", "cp949": "cp949", "windows-949": "cp949",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "windows-31j": "cp932", "x-sjis": "cp932",
    "euc-jp": "euc_jp", "x-euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp",
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "x-gbk": "gb18030", "big5": "big5hkscs",
    "windows-1251": "cp1251", "cp1251": "cp1251", "koi8-r": "koi8_r", "koi8-u": "koi8_u", "iso-8859-5": "iso8859_5",
    "windows-1258": "cp1258", "tis-620": "cp874", "windows-874": "cp874", "iso-8859-11": "cp874",
    "windows-1250": "cp1250", "iso-8859-2": "iso8859_2", "windows-1254": "cp1254", "iso-8859-9": "cp1254",
    "windows-1252": "cp1252", "iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252",
}  # fmt: skip
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# What a page that says nothing is written in, the likeliest first; a single-byte encoding accepts nearly anything, so
# it stands last.
BY_LANGUAGE = {
    "ko": ("cp949",),
    "ja": ("euc_jp", "cp932"),  # Shift_JIS takes EUC-JP for half-width letters, not the other way round
    "zh": ("gb18030", "big5hkscs"),
    "ru": ("cp1251",),
    "vi": ("cp1258",),
    "th": ("cp874",),
}
IN_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE)
IN_PAGE = re.compile(
    rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([\w:.-]+)|<\?xml[^>]{0,200}?encoding=[\"']([\w:.-]+)", re.IGNORECASE
)
META_WITHIN = 4096  # bytes in which a page must say its encoding; the standard says 1024, pages are less exact
# Up to this share of damaged characters a page is still what it says (a cut-off or a foreign comment, not an encoding).
DAMAGED = 0.01


def decode(body: bytes, content_type: str = "", language: str | None = None) -> str:
    """The text of a page. Never fails: what cannot be read becomes U+FFFD."""
    for mark, codec in BOMS:
        if body.startswith(mark):
            return body.decode(codec, "replace")
    said = _said(body, content_type)
    candidates = [*([said] if said else []), "utf-8", *BY_LANGUAGE.get(language or "", ()), "cp1252"]
    return _first_that_fits(body, candidates)


def _said(body: bytes, content_type: str) -> str | None:
    if (found := IN_HEADER.search(content_type)) and (codec := LABELS.get(found[1].lower())):
        return codec
    if (meta := IN_PAGE.search(body[:META_WITHIN])) is None:
        return None
    codec = LABELS.get((meta[1] or meta[2]).decode("ascii", "replace").lower())
    # A page whose `meta` could be read is not in UTF-16 (WHATWG HTML, 13.2.3.3).
    return "utf-8" if codec and codec.startswith("utf-16") else codec


def _first_that_fits(body: bytes, candidates: Sequence[str]) -> str:
    for codec in candidates:
        try:
            return body.decode(codec)
        except UnicodeDecodeError:
            text = body.decode(codec, "replace")
            if text.count("\ufffd") <= DAMAGED * len(text):
                return text
    return body.decode(candidates[0], "replace")
