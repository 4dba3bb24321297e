"""National identity numbers: by their form, their date, and their check digit where they have one."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

BEFORE = 30  # characters before a number in which a word may say what it is
_MONTH_DAY = "(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def korean(digits: str) -> bool:
    """Resident registration number. Issued since October 2020, its last digits are random: those need the word."""
    return (11 - _weighted(digits, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10 == int(digits[12])


def chinese(digits: str) -> bool:
    """GB 11643-1999 (ISO 7064, MOD 11-2)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[_weighted(digits, weights) % 11] == digits[17].upper()


def thai(digits: str) -> bool:
    return (11 - _weighted(digits, tuple(range(13, 1, -1))) % 11) % 10 == int(digits[12])


def japanese(digits: str) -> bool:
    """My Number (ordinance 85 of 2014, article 5)."""
    rest = _weighted(digits, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return (0 if rest <= 1 else 11 - rest) == int(digits[11])


def russian(digits: str) -> bool:
    """SNILS."""
    return _weighted(digits, tuple(range(9, 0, -1))) % 101 % 100 == int(digits[9:])


@dataclass(frozen=True)
class Number:
    """`words`: one of them stands before the number. `grouped`: with its separators it needs no such word. `check`: of
    its digits. `dated`: the check may fail where a word stands before it."""

    form: re.Pattern[str]
    words: re.Pattern[str]
    grouped: bool
    check: Callable[[str], bool] | None
    checked_always: bool = True


def _number(
    form: str, words: str, grouped: bool, check: Callable[[str], bool] | None, checked_always: bool = True
) -> Number:
    words_form = re.compile(words, re.IGNORECASE)
    return Number(re.compile(rf"(?<![0-9-]){form}(?![0-9-])"), words_form, grouped, check, checked_always)


NUMBERS = (
    _number(rf"[0-9]{{2}}{_MONTH_DAY}[- ]?[1-8][0-9]{{6}}", "주민|민증|등록번호|외국인", True, korean, False),
    _number(rf"[1-9][0-9]{{5}}(?:19|20)[0-9]{{2}}{_MONTH_DAY}[0-9]{{3}}[0-9Xx]", "身份", True, chinese),
    _number(r"[1-8][- ]?[0-9]{4}[- ]?[0-9]{5}[- ]?[0-9]{2}[- ]?[0-9]", "บัตร|เลขประจำตัว", True, thai),
    _number(r"[0-9]{4}[- ]?[0-9]{4}[- ]?[0-9]{4}", "マイナンバー|個人番号", False, japanese),
    _number(r"[0-9]{3}-[0-9]{3}-[0-9]{3}[- ][0-9]{2}", "снилс", True, russian),
    _number(r"[0-9]{2} ?[0-9]{2} ?[0-9]{6}", "паспорт", False, None),
    _number(r"(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}", r"\bssn\b|social security", False, None),
    _number(r"(?:[0-9]{12}|[0-9]{9})", "cccd|cmnd|căn cước|chứng minh|định danh", False, None),
)


def id_numbers(text: str, most: int) -> list[str]:
    return list(islice((found for number in NUMBERS for found in _found(number, text)), most))


def _found(number: Number, text: str) -> Iterator[str]:
    for match in number.form.finditer(text):
        written = match.group()
        digits = re.sub("[- ]", "", written)
        said = number.words.search(text, max(match.start() - BEFORE, 0), match.start()) is not None
        known = said or (number.grouped and (len(digits) < len(written) or number.check is chinese))
        right = number.check is None or number.check(digits) or (said and not number.checked_always)
        if known and right:
            yield written
