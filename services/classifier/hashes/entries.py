"""What is listed in a bank, and how the bank is described. Values; light to import."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from shared.events import Value
from shared.events.values import PhashHex

ORIGINAL = "original"  # the variant of a picture as it is
MAX_THRESHOLD = 90  # differing bits of 256; unrelated pictures begin to agree there

# Lists of others are huge: there the index is exact and fast to 31 bits, PDQ's usual setting, also the safest one.
FOREIGN_THRESHOLD = 31
# pHash has 64 bits. Measured: one unrelated pair in a million is within 11. A picture asks a list of a million hashes
# eight million times, which at 5 bits (by the fall of the binomial tail) is one false match in some 10,000 pictures.
PHASH_THRESHOLD = 5


class Algorithm(StrEnum):
    """`vpdq`: PDQ of a frame of a video, one row a frame, the video's label as `entry`."""

    PDQ = "pdq"
    SHA256 = "sha256"
    MD5 = "md5"
    SHA1 = "sha1"
    PHASH = "phash"
    VPDQ = "vpdq"


OCTETS = {
    Algorithm.PDQ: 32, Algorithm.VPDQ: 32, Algorithm.PHASH: 8,
    Algorithm.SHA256: 32, Algorithm.SHA1: 20, Algorithm.MD5: 16,
}  # fmt: skip
DIGESTS = (Algorithm.SHA256, Algorithm.SHA1, Algorithm.MD5)
PDQS = (Algorithm.PDQ, Algorithm.VPDQ)


class Source(StrEnum):
    VICTIM_REPORT = "victim_report"
    AGENCY = "agency"
    EXCHANGE = "exchange"


class Kind(StrEnum):
    """`harmless`: a negative bank; what is nearer to it than to a known hash is no match."""

    KNOWN = "known"
    HARMLESS = "harmless"


Threshold = Annotated[int, Field(ge=0, le=MAX_THRESHOLD)]


LONGEST_NAME = 200  # characters of bank, entry, category, variant: they are shown to reviewers in one line


def one_line(value: str) -> str:
    """Raises `ValueError` for what a page or a terminal would not show as it is."""
    if not value.isprintable():
        raise ValueError("give text without control characters")
    if len(value) > LONGEST_NAME:
        raise ValueError(f"it has {len(value)} characters; shorten it to {LONGEST_NAME}")
    return value


def bank_name(value: object) -> str:
    """Raises `ValueError` naming the bank and the cure."""
    given = str(value)[:LONGEST_NAME]
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"bank {given!r}: give text")
    try:
        return one_line(value)
    except ValueError as error:
        raise ValueError(f"bank {given!r}: {error}") from error


Name = Annotated[str, AfterValidator(one_line)]


class BankHash(Value):
    """One hash of a bank. Several share `entry` (the picture's label): its variants, or a video's frames.

    `hash`: lower-case hexadecimal. `threshold`: differing bits within which a picture agrees; None is the bank's own
    for PDQ, and what the algorithm has by itself for the others. `phash`: beside a PDQ hash, that of the same variant.
    """

    entry: Annotated[Name, Field(min_length=1)]
    category: Name
    algorithm: Algorithm
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]*$")]
    variant: Name = ORIGINAL
    threshold: Threshold | None = None
    phash: PhashHex | None = None

    @model_validator(mode="after")
    def _has_its_length(self) -> Self:
        digits = 2 * OCTETS[self.algorithm]
        if len(self.hash) != digits:
            raise ValueError(
                f"hash: {len(self.hash)} hexadecimal digits are no {self.algorithm.value}; give {digits} of them"
            )
        return self

    def within(self, of_bank: int) -> int:
        """The threshold that counts, in a bank whose own is `of_bank`."""
        if self.algorithm in DIGESTS:
            return 0
        if self.threshold is not None:
            return self.threshold
        return PHASH_THRESHOLD if self.algorithm is Algorithm.PHASH else of_bank


class BankDraft(Value):
    """A bank as it is created. `threshold`: for PDQ hashes that are listed without one. `category`: for hashes that are
    listed without one. `provenance`: where its hashes come from. `shared`: its hashes may be given to others.
    Within `valid_from` (inclusive) to `valid_until` (exclusive) its hashes count; none of them unless it is `enabled`.
    """

    source: Source = Source.AGENCY
    kind: Kind = Kind.KNOWN
    agency: Name = ""
    category: Name = ""
    threshold: Threshold = FOREIGN_THRESHOLD
    provenance: str = ""
    shared: bool = False
    enabled: bool = True
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError(f"valid_until {self.valid_until:%Y-%m-%d} is not after valid_from; give a later day")
        return self
