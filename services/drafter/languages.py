"""In which languages a notice is written."""

from collections.abc import Set

from shared.events.values import Recipient

FALLBACK = ("en", "ko")  # for a recipient whose language has no template: the world's, then the agency's own


def languages_for(to: Recipient, available: Set[str]) -> tuple[str, ...]:
    """The notice's language, then the second where it is useful."""
    wanted = to.locale or to.language
    return (wanted,) if wanted in available else FALLBACK
