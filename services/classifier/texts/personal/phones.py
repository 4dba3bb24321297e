"""Phone numbers: in the forms that a country writes, in digits or words for them, and valid to libphonenumber."""

import re
from collections.abc import Iterator
from itertools import islice

import phonenumbers

BETWEEN = " .·_~*()-"  # what stands between groups
_BETWEEN = f"[{BETWEEN}]{{0,3}}"
_MARK = f"[{BETWEEN}]{{1,3}}"

# ISO 3166: how numbers are written there. Landlines only with marks between the groups: a row of ten digits is
# anything. A country without a leading 0 or 1 in its numbers (US) needs its marks always.
FORMS = {
    "KR": rf"0(?:1[016789]|2|[3-6][0-9]|70|50[0-9]){_BETWEEN}[0-9]{{3,4}}{_BETWEEN}[0-9]{{4}}",
    "JP": rf"0[5789]0{_BETWEEN}[0-9]{{4}}{_BETWEEN}[0-9]{{4}}|0[0-9]{{1,4}}{_MARK}[0-9]{{1,4}}{_MARK}[0-9]{{4}}",
    "CN": rf"1[3-9][0-9]{_BETWEEN}[0-9]{{4}}{_BETWEEN}[0-9]{{4}}|0[0-9]{{2,3}}{_MARK}[0-9]{{7,8}}",
    "VN": rf"0[235789][0-9]{{1,2}}{_BETWEEN}[0-9]{{3}}{_BETWEEN}[0-9]{{3,4}}",
    "TH": rf"0[689][0-9]{_BETWEEN}[0-9]{{3}}{_BETWEEN}[0-9]{{4}}|02{_BETWEEN}[0-9]{{3}}{_BETWEEN}[0-9]{{4}}",
    "RU": rf"[78]{_BETWEEN}[3489][0-9]{{2}}{_BETWEEN}[0-9]{{3}}{_BETWEEN}[0-9]{{2}}{_BETWEEN}[0-9]{{2}}",
    "US": rf"\(?[2-9][0-9]{{2}}{_MARK}[2-9][0-9]{{2}}{_MARK}[0-9]{{4}}",
}
REGIONS = {"ko": "KR", "ja": "JP", "zh": "CN", "vi": "VN", "th": "TH", "ru": "RU", "en": "US"}
_ABROAD = rf"\+[1-9](?:{_BETWEEN}[0-9]){{7,14}}"
_OWN = {region: re.compile(rf"(?<![\w+/-])(?:{form})(?![0-9-])", re.ASCII) for region, form in FORMS.items()}
_ANY = re.compile(rf"(?<![\w+])(?:{_ABROAD})(?![0-9-])", re.ASCII)

# Digits in words, one after the other, and letters that stand in for digits among them.
_WORDS = dict(zip("공영일이삼사오육륙칠팔구零〇一二三四五六七八九", "00123456678900123456789", strict=True))
_DIGITS = str.maketrans({**_WORDS, **{chr(0x0E50 + n): str(n) for n in range(10)}, "o": "0", "O": "0", "l": "1"})
DIGIT = f"0-9oOl๐-๙{''.join(_WORDS)}"
_DIGIT = f"[{DIGIT}]"
_WORDED = re.compile(rf"{_DIGIT}(?<![0-9A-Za-z].)(?:{_BETWEEN}{_DIGIT}){{8,19}}+(?![0-9A-Za-z])")
FEWEST_DIGITS = 8  # of the shortest number that is looked for
_LONG = re.compile(rf"[0-9](?:{_BETWEEN}[0-9]){{{FEWEST_DIGITS - 1}}}")
_NO_PHONE = re.compile(
    r"(?:order|invoice|tracking|isbn|serial|version|주문|송장|운송장|등록번호|사업자|계좌|단가|订单|单号|快递|编号"
    r"|注文|伝票|受付番号|заказ\w*|накладн\w*|трек|инн|đơn hàng|mã|คำสั่งซื้อ|พัสดุ|เลขที่|№|#)"
    r"(?:번호|番号|号码?|number|номер)?[\s:.#no-]*$",
    re.IGNORECASE,
)
BEFORE = 20  # characters
TRIED = 500  # numbers of a text that are looked up: a page with more is a directory, and looking up takes 50 µs


def in_digits(text: str) -> str:
    """The text with numbers in digits that stand in words of Korean or Chinese, Thai digits or letters as digits."""
    return _WORDED.sub(lambda found: found.group().translate(_DIGITS), text)


def has_number(text: str) -> bool:
    """Whether a row of digits in it is long enough for a phone or an identity."""
    return _LONG.search(text) is not None


def phones(text: str, language: str | None, most: int) -> int:
    """How many different ones, at most `most`. `text` as `in_digits` gives it."""
    regions = [REGIONS[language]] if language in REGIONS else list(REGIONS.values())
    candidates = islice(_candidates(text, regions), TRIED)
    right: dict[str, str] = {}  # by the digits: they may be right in several countries, and are one number
    for number, region in candidates:
        if number not in right and (dialled := _dialled(number, region)):
            right[number] = dialled
    return min(len(set(right.values())), most)


def _candidates(text: str, regions: list[str]) -> Iterator[tuple[str, str | None]]:
    for pattern, region in ((_ANY, None), *((_OWN[region], region) for region in regions)):
        for match in pattern.finditer(text):
            if not _NO_PHONE.search(text[max(match.start() - BEFORE, 0) : match.start()]):
                yield re.sub(r"[^+0-9]", "", match.group()), region


def _dialled(number: str, region: str | None) -> str | None:
    """As from abroad (E.164), however it is written. None where it is not valid."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    e164 = phonenumbers.PhoneNumberFormat.E164
    return phonenumbers.format_number(parsed, e164) if phonenumbers.is_valid_number(parsed) else None
