"""All kinds of personal data in a text. Pure, and linear in the text."""

from services.classifier.texts.personal.emails import emails
from services.classifier.texts.personal.id_numbers import id_numbers
from services.classifier.texts.personal.phones import has_number, in_digits, phones
from services.classifier.texts.personal.worded import worded

KINDS = ("name", "school", "phone", "address", "email", "account", "id_number")
MOST = 20  # of a kind: more change no urgency, and a list of ten thousand would only cost time


def personal_data(text: str, language: str | None, *, may_number: bool = True, may_mail: bool = True) -> dict[str, int]:
    """How many of each kind the text shows, at most `MOST`; kinds without any are left out.

    `text` as `unmasked.unmask` gives it; `language` (ISO 639-1) says whose national phone numbers are meant, None: all.
    `may_number`, `may_mail`: False where a glance showed that it has none.
    """
    found = worded(text, MOST)
    if may_mail:
        found["email"] = len(emails(text, MOST))
    if may_number and has_number(digits := in_digits(text)):
        numbers = id_numbers(digits, MOST)
        found["id_number"] = len(numbers)
        found["phone"] = phones(_without(digits, numbers), language, MOST)
    return {kind: min(found[kind], MOST) for kind in KINDS if found.get(kind)} if found else {}


def _without(text: str, numbers: list[str]) -> str:
    for number in numbers:
        text = text.replace(number, "#")
    return text
