"""A picture's bytes → its hashes (pure; hostile input may loop, swell or crash: for guarded children, see `media`)."""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from PIL import Image, UnidentifiedImageError

from services.crawler.pictures.seen import Outcome, Seen
from shared.events.values import Frame
from shared.prints.opening import opened
from shared.prints.pdq import MAX_PIXELS, MIN_SIDE, dihedral, reduced, single
from shared.prints.phash import phash_dihedral
from shared.prints.scenes import Scenes
from shared.prints.views import views

ANIMATED = frozenset({"GIF", "PNG", "WEBP", "AVIF"})
MAX_FRAMES = 16  # kept of an animation beside the first
# Frames decoded of an animation: a minute at 10 a second, and 40 of a screen's size. What comes later is not seen.
MAX_DECODED, MAX_DECODED_PIXELS = 600, 80_000_000
UNTIMED_MS = 100  # what browsers make of a frame that says 0


def look_at_picture(body: bytes) -> Seen:
    """Never raises for what the bytes are; `MemoryError` where memory ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata
        for lenient in (False, True):
            try:
                return _look(body, lenient)
            except MemoryError:
                raise
            except UnidentifiedImageError:
                outcome = Outcome.UNKNOWN
            except Exception:  # a decoder fails on hostile input in any way it likes; the digest is still evidence
                outcome = Outcome.MALFORMED
    return Seen(outcome)


def _look(body: bytes, lenient: bool) -> Seen:
    with opened(body, lenient=lenient) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            return Seen(Outcome.TOO_LARGE)
        if min(width, height) < MIN_SIDE:
            return Seen(Outcome.TOO_SMALL, width, height)
        image.load()
        looked_at = reduced(image)  # once, for all that follows
        hashes, quality = dihedral(looked_at)
        outcome = Outcome.DAMAGED if lenient else Outcome.HASHED
        phashes, parts = phash_dihedral(looked_at), views(looked_at)
        seen = Seen(outcome, width, height, hashes, quality, phash_dihedral=phashes, views=parts)
        return replace(seen, frames=_further(image)) if image.format in ANIMATED else seen


def _further(image: Image.Image) -> tuple[Frame, ...]:
    """Frames after the first at which the picture changes."""
    scenes = Scenes[Frame](MAX_FRAMES, first=image)
    # A frame that does not decode ends it: what came before is there.
    with suppress(EOFError, OSError, ValueError, SyntaxError):
        for at_s in _play(image):
            if scenes.wants(image):
                pdq, quality = single(image)
                scenes.keep(Frame(at_s=at_s, pdq=pdq, pdq_quality=quality))
    return scenes.kept


def _play(image: Image.Image) -> Iterator[float]:
    """Decode one frame after the other; the moment of each in seconds. The number that the file claims is not asked."""
    most = min(MAX_DECODED, MAX_DECODED_PIXELS // (image.width * image.height))
    at_ms = 0.0
    for number in range(1, most):
        at_ms += float(image.info.get("duration") or UNTIMED_MS)
        image.seek(number)
        image.load()
        yield at_ms / 1000
