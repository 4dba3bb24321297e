"""Which pictures of an approved case are listed as known (pure).

A page shows more than what it was approved for. What is small is a face beside a name or a button; what a bank has
already is found by it. Pictures that the site shows on other pages too are left out where it is known what else was
seen (`services.classifier.hashes.cases`).
"""

from collections.abc import Collection, Sequence

from shared.events import CasePicture, PictureVariant
from shared.events.values import MIN_PDQ_QUALITY, Picture
from shared.prints.pdq import distance

SAME_PICTURE_BITS = 31  # PDQ's usual setting
MOST = 12  # of a case, the largest: each is half a second of work and a hundred rows
SMALLEST_SIDE = 160  # pixels, as the classifier's: a smaller picture is on every board


def chosen(pictures: Sequence[Picture], matched: Collection[str]) -> dict[int, Picture]:
    """By their number among the finding's, from 1, the same picture once."""
    first: dict[str, tuple[int, Picture]] = {}
    for number, picture in enumerate(pictures, start=1):
        if picture.url not in matched and min(picture.width or 0, picture.height or 0) >= SMALLEST_SIDE:
            first.setdefault(picture.sha256, (number, picture))
    largest = sorted(first.values(), key=lambda one: -_area(one[1]))[:MOST]
    return {number: picture.model_copy(update={"frames": ()}) for number, picture in sorted(largest, key=_number)}


def is_found(found: Picture, sha256: str, pdq: str | None) -> bool:
    """Whether the sealed file is the picture that was flagged. A site may answer the capture with another: a flag, a
    shop's logo, which all the web shows. `pdq`: None of one too flat to tell."""
    if sha256 == found.sha256:
        return True
    if pdq is None or (found.pdq_quality or 0) < MIN_PDQ_QUALITY:
        return False
    return any(distance(pdq, turned) <= SAME_PICTURE_BITS for turned in found.pdq_dihedral)


def as_found(number: int, picture: Picture) -> CasePicture:
    """By the hashes of the finding alone, where no original is kept or it cannot be read: the picture as it is, and
    parts of it."""
    return CasePicture(number=number, sha256=picture.sha256, variants=tuple(_variants(picture)))


def _variants(picture: Picture) -> list[PictureVariant]:
    if not picture.pdq_dihedral or (picture.pdq_quality or 0) < MIN_PDQ_QUALITY:
        return []
    second = picture.phash_dihedral[0] if picture.phash_dihedral else None
    whole = PictureVariant(variant="original", pdq=picture.pdq_dihedral[0], phash=second)
    parts = (
        PictureVariant(variant=view.name, pdq=view.pdq[0], phash=view.phash[0] if view.phash else None)
        for view in picture.views
        if view.pdq_quality >= MIN_PDQ_QUALITY
    )
    return [whole, *parts]


def _number(one: tuple[int, Picture]) -> int:
    return one[0]


def _area(picture: Picture) -> int:
    return (picture.width or 0) * (picture.height or 0)
