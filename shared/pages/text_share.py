"""How much of a text is still in another (pure): whoever was asked to remove it may have left a good part."""

from shared.pages.bare import bare
from shared.pages.weight import weight

# The excerpt is cut into pieces; content is there when this share of them is. A page's frame ("replies", "by") is part
# of the excerpt and stays on a tombstone, so a single piece proves nothing.
PIECE, SHARE = 16, 0.25
MIN_TEXT = 8  # characters; a shorter excerpt proves nothing either way


def text_share(excerpt: str, text: str) -> float:
    """Which part of the excerpt's pieces is in the text, 0 … 1."""
    wanted, there = bare(excerpt), bare(text)
    if len(wanted) < MIN_TEXT:
        return 0.0
    # Writing systems that say more with a letter need shorter pieces to say the same.
    piece = max(MIN_TEXT, round(PIECE * len(wanted) / weight(wanted)))
    pieces = [wanted[at : at + piece] for at in range(0, max(1, len(wanted) - piece + 1), piece)]
    return sum(part in there for part in pieces) / len(pieces)
