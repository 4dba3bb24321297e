"""What lists of others hold beside hashes to list."""

from typing import NamedTuple

from pydantic import ValidationError

from services.classifier.hashes.entries import Algorithm, BankHash
from services.classifier.hashes.hash_files import Listing, Problem

MOST_LABEL = 200  # characters of an entry's name: it is shown to reviewers in one line


class Withdrawal(NamedTuple):
    """The source took an entry back: none of its hashes counts any more."""

    bank: str
    entry: str
    why: str


Record = Listing | Withdrawal | Problem


def listed(bank: str, entry: str, category: str, algorithm: Algorithm, digits: str, line: int) -> Listing | Problem:
    """A hash as others write it, or what is wrong with it."""
    try:
        value = BankHash(entry=entry[:MOST_LABEL], category=category, algorithm=algorithm, hash=digits.strip().lower())
    except ValidationError as error:
        field = str(*error.errors()[0]["loc"]) or "hash"
        if field == "hash":
            return Problem(line, f"hash {digits[:MOST_LABEL]!r} is no {algorithm.value}; ask who gave the list")
        return Problem(line, f"{field}: {error.errors()[0]['msg'].removeprefix('Value error, ')}")
    return Listing(bank, value)


def taken_back(listing: Listing | Problem, why: str) -> Withdrawal | Problem:
    """Of a hash as it was listed."""
    return Withdrawal(listing.bank, listing.entry.entry, why) if isinstance(listing, Listing) else listing
