"""Words of others without the persons in them: mail addresses and telephone numbers (pure)."""

import re

import phonenumbers

ADDRESS = re.compile(r"[A-Za-z0-9._%+=-]{1,64}@[A-Za-z0-9.-]{1,253}")
DIGITS = re.compile(r"\d(?:[\s().-]{0,2}\d){6}")
# Where our recipients are, for numbers without a country code; with one, any country's is found.
REGIONS = ("KR", "US", "JP", "CN", "TW", "HK", "RU", "VN", "ES", "TH")
MASK_ADDRESS, MASK_NUMBER = "[address]", "[number]"


def masked(text: str) -> str:
    """Ticket numbers, dates and identifiers stay: only what is a valid number of a telephone goes."""
    text = ADDRESS.sub(MASK_ADDRESS, text)
    if not DIGITS.search(text):
        return text
    for region in REGIONS:
        found = phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.STRICT_GROUPING)
        for start, end in reversed([(one.start, one.end) for one in found]):
            text = f"{text[:start]}{MASK_NUMBER}{text[end:]}"
    return text
