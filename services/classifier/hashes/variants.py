"""What is listed of a known picture: digests, hashes, and its variants' (`shared.prints.variants`), about 80 rows."""

from PIL import Image, UnidentifiedImageError

from services.classifier.hashes.entries import ORIGINAL, Algorithm, BankHash
from shared.prints.digests import digests
from shared.prints.opening import FORMATS, MAX_PIXELS, opened
from shared.prints.phash import phash
from shared.prints.variants import Print, TooFlat, variants

# An agency's own pictures are few, and a person reviews every match. 56 covers what lies between two variants; of
# 240,000 pairs of a changed photograph with another the nearest is 58 bits apart. Beyond 50 a second hash is asked
# (`shared.prints.confirm`).
OWN_THRESHOLD = 56
# All that the crawler reads: a photograph of a telephone (HEIF) would otherwise be taken for a video of one frame. And
# TIFF, which no page shows but some archives hold.
LISTED = (*FORMATS, "TIFF")


class PictureRefused(ValueError):
    """Cannot be listed. The message says why and what to do."""


class PictureUnknown(PictureRefused):
    """It is no picture of a known kind."""


def compute_entries(label: str, category: str, picture: bytes, threshold: int = OWN_THRESHOLD) -> tuple[BankHash, ...]:
    """The entries to list of a picture file. Raises `PictureRefused`."""
    image = decoded(picture)

    def entry(
        algorithm: Algorithm, value: str, variant: str = ORIGINAL, within: int | None = None, second: str | None = None
    ) -> BankHash:
        return BankHash(
            entry=label, category=category, algorithm=algorithm, hash=value, variant=variant, threshold=within,
            phash=second,
        )  # fmt: skip

    named = digests(picture)
    return (
        entry(Algorithm.SHA256, named.sha256),
        entry(Algorithm.MD5, named.md5),
        entry(Algorithm.SHA1, named.sha1),
        entry(Algorithm.PHASH, phash(image)),
        *(entry(Algorithm.PDQ, pdq, name, threshold, second) for name, pdq, second in _prints(image)),
    )


def decoded(picture: bytes) -> Image.Image:
    """The first frame, RGB, as it is stored. A camera's note that it lies on its side changes nothing: whatever is seen
    is looked up in all eight positions."""
    try:
        with opened(picture, lenient=False, formats=LISTED) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PictureRefused(
                    f"it has {image.width} × {image.height} pixels, more than {MAX_PIXELS:,}; give a smaller copy"
                )
            return image.convert("RGB")
    except PictureRefused:
        raise
    except UnidentifiedImageError as error:
        raise PictureUnknown(
            f"it is no picture of a known kind, and no video; give {', '.join(LISTED)}, MP4 or WebM"
        ) from error
    except Exception as error:  # decoders raise anything on a broken file
        raise PictureRefused(f"it cannot be decoded: {error}; is the file whole?") from error


def _prints(image: Image.Image) -> tuple[Print, ...]:
    try:
        return tuple(variants(image))
    except TooFlat as flat:
        raise PictureRefused(
            f"{flat}: it is so flat that unrelated pictures would agree with it;"
            " list its SHA-256 in a hash file instead"
        ) from flat
