"""What may be kept of a case: all that was captured, or digests and a wireframe where the content may not be possessed.

In hash-only mode what the page showed lives in this process's memory alone. Digests, perceptual hashes, circumstances
and the layout of the page remain: enough to say what was seen, to find it again, and to have it removed.
"""

from services.evidence.seal.manifest import FULL, HASH_ONLY
from services.evidence.settings import Settings


def mode_of(category: str, settings: Settings) -> str:
    """`FULL` or `HASH_ONLY`: by the agency's rule, or by that of the category."""
    alone = {name.strip() for name in settings.hash_only_categories.split(",")}
    return HASH_ONLY if settings.hash_only or category in alone else FULL
