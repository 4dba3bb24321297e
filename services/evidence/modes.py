"""What may be kept of a case: all that was captured, or digests and a wireframe where the content may not be possessed.

In hash-only mode what the page showed lives in this process's memory alone. Digests, perceptual hashes, circumstances
and the layout of the page remain: enough to say what was seen, to find it again, and to have it removed.
"""

from collections.abc import Iterable
from enum import StrEnum

from services.evidence.domain import File
from services.evidence.settings import Settings


class Mode(StrEnum):
    FULL = "full"
    HASH_ONLY = "hash-only"


def mode_of(category: str, settings: Settings) -> Mode:
    """By the agency's rule, or by that of the category."""
    alone = {name.strip() for name in settings.hash_only_categories.split(",")}
    return Mode.HASH_ONLY if settings.hash_only or category in alone else Mode.FULL


def kept(files: Iterable[File], mode: Mode) -> tuple[File, ...]:
    """What is written anywhere; the manifest lists the others by their digests."""
    return tuple(file for file in files if mode is Mode.FULL or not file.content)
