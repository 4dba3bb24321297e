"""The body in whose name notices are written."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Agency:
    """Who asks, by what right, and where an answer reaches a person.

    `name` and `mandate` stand in Korean texts, their `_en` forms in all others. `sample`: names of the settings that
    still hold the sample identity.
    """

    name: str
    name_en: str
    mandate: str
    mandate_en: str
    address: str
    phone: str
    reply_to: str
    signatory: str
    sample: tuple[str, ...] = ()

    def contact(self) -> dict[str, str]:
        """As machines read it."""
        return {"org": self.name_en, "contact": self.reply_to, "domain": self.reply_to.rpartition("@")[2]}

    def name_in(self, language: str) -> str:
        return self.name if language == "ko" else self.name_en

    def mandate_in(self, language: str) -> str:
        return self.mandate if language == "ko" else self.mandate_en
