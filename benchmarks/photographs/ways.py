"""Ways to find a changed picture again: which hashes are listed of the original, which are looked up of the changed."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import imagehash
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from services.classifier.hashes.asked import asked_of
from services.classifier.hashes.entries import FOREIGN_THRESHOLD, Algorithm
from services.classifier.hashes.variants import OWN_THRESHOLD, PictureRefused, compute_entries
from services.crawler.pictures.decoding import look_at_picture
from services.crawler.pictures.seen import picture_of
from shared.prints.digests import digests

Words = NDArray[np.uint64]


@dataclass(frozen=True)
class Hashes:
    """n × words. `second`: a second hash beside each, of one word, where the way has one."""

    first: Words
    second: Words | None = None

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class Way:
    """`usual`: the threshold that it is used with."""

    name: str
    listed: Callable[[bytes], Hashes]
    looked_up: Callable[[bytes], Hashes]
    usual: int


def _rgb(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file)).convert("RGB")


def _pdq(file: bytes) -> Hashes:
    bits, quality = pdqhash.compute(np.ascontiguousarray(np.asarray(_rgb(file))))
    return Hashes(_words([np.packbits(bits.astype(np.uint8)).tobytes()] if quality >= 50 else [], 4))


def _phash(file: bytes) -> Hashes:
    return Hashes(_words([bytes.fromhex(str(imagehash.phash(_rgb(file))))], 1))


def _ours_listed(file: bytes) -> Hashes:
    try:
        entries = [entry for entry in compute_entries("x", "x", file) if entry.algorithm is Algorithm.PDQ]
    except PictureRefused:
        return Hashes(_words([], 4), _words([], 1))
    second = [bytes.fromhex(entry.phash or "") for entry in entries]
    return Hashes(_words([bytes.fromhex(entry.hash) for entry in entries], 4), _words(second, 1))


def _ours_looked_up(file: bytes) -> Hashes:
    (asked,) = asked_of([picture_of("http://a.test/", digests(file), len(file), look_at_picture(file))], [])
    return Hashes(_words([look.hash for look in asked.pdq], 4), _words([look.phash for look in asked.pdq], 1))


def _words(hashes: Sequence[bytes], words: int) -> Words:
    return np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, words)


OURS = Way("ours", _ours_listed, _ours_looked_up, OWN_THRESHOLD)
OUTSIDE = Way("ours, a foreign list of one PDQ a picture", _pdq, _ours_looked_up, FOREIGN_THRESHOLD)
PDQ = Way("PDQ alone", _pdq, _pdq, FOREIGN_THRESHOLD)
PHASH = Way("pHash alone", _phash, _phash, 10)
WAYS = (OURS, OUTSIDE, PDQ, PHASH)
