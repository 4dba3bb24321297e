"""Case numbers and PINs: twelve digits that can be said on the telephone in any language, six that only the person has.

The last digit checks the rest (ISO/IEC 7064, MOD 11,10: every wrong digit is found, and nearly all swapped neighbours),
so that a slip of the pen is told from an unknown number. Both follow from the secret of the form:
the same form sent twice is the same report, with the same PIN, which is nowhere but with the person.
"""

import hashlib
import hmac
import re

DIGITS, GROUP = 11, 4
PIN_DIGITS = 6  # with ten wrong ones an hour for a number, half of them take almost six years
_OTHER_DIGITS = re.compile(r"[\s.\-–—/]+")


def check_digit(digits: str) -> str:
    """ISO/IEC 7064, hybrid system MOD 11,10."""
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def number_of(token: str) -> str:
    """`482109372645`, of a form's secret."""
    digits = _digits(token, "number", DIGITS)
    return digits + check_digit(digits)


def pin_of(token: str) -> str:
    return _digits(token, "pin", PIN_DIGITS)


def grouped(number: str) -> str:
    """`4821-0937-2645`, as it is shown and said."""
    return "-".join(number[start : start + GROUP] for start in range(0, len(number), GROUP))


def read_number(text: str) -> str | None:
    """As a person types it, with blanks or dashes, in the digits of any script. None for what cannot be one."""
    digits = plain_digits(text)
    whole = len(digits) == DIGITS + 1 and digits.isascii() and digits.isdecimal()
    return digits if whole and check_digit(digits[:-1]) == digits[-1] else None


def plain_digits(text: str) -> str:
    """Thai and full-width digits are digits too."""
    kept = _OTHER_DIGITS.sub("", text[:64])
    return "".join(str(int(one)) if one.isdecimal() else one for one in kept)


def _digits(token: str, purpose: str, count: int) -> str:
    """256 bits for at most eleven digits: no digit is likelier by more than 10**-60."""
    value = int.from_bytes(hmac.new(token.encode(), purpose.encode(), hashlib.sha256).digest())
    return f"{value % 10**count:0{count}}"
