"""What an agreement with a hash bank is worth: how sure it makes that the picture is the listed one, 0 to 1."""

from itertools import pairwise

from shared.events.values import Match
from shared.prints.confirm import ALONE

Bands = tuple[tuple[int, float], ...]  # differing bits and their worth, straight lines between

SAME_FILE = 1.0  # equal SHA-256: there is nothing to be mistaken about but the list itself
# Files that share a SHA-1 or an MD5 on purpose can be bought and computed; nobody can do so to a file that he has not.
SAME_OLD_DIGEST = 0.99
# Up to 31 is PDQ's usual setting for a match; up to `ALONE` recompression and crops between two listed ones, worth a
# review first; beyond, agreement alone no longer suffices, but a second sign beside it does; at 90 unrelated pictures
# begin to agree.
PDQ: Bands = ((0, 0.99), (31, 0.90), (ALONE, 0.60), (ALONE + 1, 0.45), (60, 0.40), (90, 0.0))
# 64 bits say less: at 11 no pair of 4.5 million unrelated photographs agreed, and a list of a million makes more pairs
# than that within an hour, so that it never decides by itself.
PHASH: Bands = ((0, 0.80), (6, 0.60), (11, 0.40), (16, 0.0))
DIGESTS = {"sha256": SAME_FILE, "sha1": SAME_OLD_DIGEST, "md5": SAME_OLD_DIGEST}
# Of a listed video's frames, seen: half of it is the video cut short; below, a scene that many videos may share.
WHOLE_SHARE = 0.5
BITS = {"pdq": 256, "phash": 64}


def worth(match: Match) -> float:
    if match.algorithm in DIGESTS:
        return DIGESTS[match.algorithm]
    near = _between(PHASH if bits_of(match) == BITS["phash"] else PDQ, match.distance)
    return near * (1.0 if match.share is None else min(1.0, match.share / WHOLE_SHARE))


def bits_of(match: Match) -> int:
    """The length of the hash that agreed; videos are matched by the PDQ of their frames."""
    return BITS.get(match.algorithm, BITS["pdq"])


def _between(bands: Bands, distance: int) -> float:
    for (near, more), (far, less) in pairwise(bands):
        if distance <= far:
            return more + (less - more) * (distance - near) / (far - near)
    return 0.0
