"""All kinds of personal data in a text. Pure, and linear in the text."""

from collections import Counter

from services.classifier.texts.personal.emails import emails
from services.classifier.texts.personal.id_numbers import id_numbers
from services.classifier.texts.personal.phones import has_number, in_digits, phones
from services.classifier.texts.personal.worded import worded

KINDS = ("name", "school", "phone", "address", "email", "account", "id_number")
MOST = 20  # of a kind: more change no urgency, and a list of ten thousand would only cost time


def personal_data(text: str, language: str | None) -> dict[str, int]:
    """How many of each kind the text shows, at most `MOST`; kinds without any are left out.

    `text` as `unmasked.unmask` gives it; `language` (ISO 639-1) says whose national phone numbers are meant, None: all.
    """
    found = Counter(worded(text, MOST))
    found["email"] += len(emails(text, MOST))
    digits = in_digits(text)
    if has_number(digits):
        numbers = id_numbers(digits, MOST)
        found["id_number"] = len(numbers)
        found["phone"] = phones(_without(digits, numbers), language, MOST)
    return {kind: min(found[kind], MOST) for kind in KINDS if found[kind]}


def _without(text: str, numbers: list[str]) -> str:
    for number in numbers:
        text = text.replace(number, "#")
    return text
