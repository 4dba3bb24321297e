"""What is listed of a known picture, so that its re-uploads are found: its digests, its hashes, and its variants'.

A crop of 10 % moves a PDQ hash 80 bits, beyond any usable threshold, so crops, turns and quarters are hashed beforehand
(`alterations`). Measured on 69 ordinary photographs (`benchmarks hashing`): the mean recall over 40 ways of changing a
picture rises from 0.41 (PDQ, 31 bits) to 0.97, where measures are drawn by chance from 0.02 to 0.93. It costs 0.45 s of
a core and about 80 rows a picture.
"""

from collections.abc import Iterator

from PIL import Image, ImageOps, UnidentifiedImageError

from services.classifier.hashes.alterations import ALTERATIONS
from services.classifier.hashes.entries import ORIGINAL, Algorithm, BankHash
from shared.events.values import MIN_PDQ_QUALITY
from shared.prints.boxes import inset, small_grey, trimmed
from shared.prints.digests import digests
from shared.prints.opening import FORMATS, MAX_PIXELS, opened
from shared.prints.pdq import averaged, single
from shared.prints.phash import phash

# An agency's own pictures are few, and a person reviews every match. 56 covers what lies between two variants; of
# 240,000 pairs of a changed photograph with another the nearest is 58 bits apart. Beyond 50 a second hash is asked
# (`shared.prints.confirm`).
OWN_THRESHOLD = 56
# All that the crawler reads: a photograph of a telephone (HEIF) would otherwise be taken for a video of one frame. And
# TIFF, which no page shows but some archives hold.
LISTED = (*FORMATS, "TIFF")
SOURCE_PIXELS = 1_000_000  # variants of larger pictures are cut from a smaller copy: 2 to 8 bits for half a second
INVERTED = "inverted"


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
        *(entry(Algorithm.PDQ, pdq, name, threshold, second) for name, pdq, second in _hashes(image)),
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


def _hashes(image: Image.Image) -> Iterator[tuple[str, str, str]]:
    """Variant, PDQ, pHash: of the picture, and of each variant that is rich enough to be told from others."""
    pdq, quality = single(image)
    if quality < MIN_PDQ_QUALITY:
        raise PictureRefused(
            f"its PDQ quality is {quality} of 100, below {MIN_PDQ_QUALITY}: it is so flat that unrelated pictures would"
            " agree with it; list its SHA-256 in a hash file instead"
        )
    yield ORIGINAL, pdq, phash(image)
    yield INVERTED, complement(pdq), phash(ImageOps.invert(image))
    source = averaged(image, SOURCE_PIXELS)
    for name, altered in _altered(source):
        pdq, quality = single(altered)
        if quality >= MIN_PDQ_QUALITY:
            yield name, pdq, phash(altered)


def _altered(image: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    for name, alter in ALTERATIONS.items():
        yield name, alter(image)
    grey = small_grey(image)
    for name, box in (("trimmed", trimmed(grey)), ("inset", inset(grey))):
        if box:
            yield name, image.crop(box.of(image))


def complement(pdq: str) -> str:
    """The hash of the inverted picture: each of PDQ's bits says whether a coefficient is above the median."""
    return f"{~int(pdq, 16) & (1 << 4 * len(pdq)) - 1:0{len(pdq)}x}"
