"""A sealed original → its digest and the hashes of its variants (hostile input: in a guarded child)."""

import warnings

from shared.guarded import Guarded, GuardKilled, GuardRaised
from shared.prints.opening import MAX_PIXELS, opened
from shared.prints.variants import Print, TooFlat, variants

# Hashing takes half a second; a picture of 50 million pixels two more and 600 MiB; a busy machine is ten times slower.
CHILDREN, SECONDS, MEMORY_BYTES = 1, 30.0, 768 * 1024 * 1024


def hashing() -> Guarded[[bytes], tuple[Print, ...]]:
    """A resource: `await hashing(data)`. Raises `GuardKilled`, `GuardRaised`."""
    # threads: the decoder of HEIC insists on one
    return Guarded(prints, workers=CHILDREN, seconds=SECONDS, memory_bytes=MEMORY_BYTES, threads=True)


def prints(data: bytes) -> tuple[Print, ...]:
    """In the child. None of a picture that is too flat. Raises whatever a decoder likes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata
        with opened(data, lenient=True) as image:
            if image.width * image.height > MAX_PIXELS:
                return ()
            try:
                return tuple(variants(image.convert("RGB")))
            except TooFlat:
                return ()


__all__ = ["GuardKilled", "GuardRaised", "hashing", "prints"]
