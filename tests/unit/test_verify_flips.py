"""Single bytes changed everywhere in a sealed bundle: each change is found, and the right part is named."""

import io
import random
import struct

import pytest

from haetae_verify import container
from haetae_verify.bundle import check_bundle
from haetae_verify.container import CENTRAL, END, LOCAL, entries
from haetae_verify.source import Packed
from haetae_verify.wrong import Wrong
from tests.support.bundles import Files, agency, bundle, listed, parts

AGENCY = agency()
WHOLE = bundle(AGENCY)
FILES = container.read(WHOLE)
FOUND = entries(io.BytesIO(WHOLE))
LENGTH = struct.Struct("<H")
SEALED = ("manifest.json", "seal.json", "custody.json")
STRUCTURE_FLIPS, DATA_FLIPS, LISTED_FLIPS, FORGED_FLIPS = 700, 600, 30, 25


def verified(data, keys=()):
    return check_bundle(Packed(io.BytesIO(data)), keys)


def part_of(data, keys=()):
    with pytest.raises(Wrong) as found:
        verified(data, keys)
    return found.value


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def some(chance: random.Random, start: int, end: int, count: int) -> set[int]:
    """Places of a range, its first and last among them; all when there are few."""
    inner = range(start, end)
    return {*inner} if len(inner) <= count else {start, end - 1, *chance.sample(inner, count - 2)}


def header(number: int) -> int:
    return FOUND[number].offset - len(FOUND[number].name) - LOCAL.size


def names_at(changed: bytes, number: int) -> set[str]:
    """What a changed header may be named by: its entry, the entry after which it begins, the name it holds now."""
    at = header(number)
    (length,) = LENGTH.unpack_from(changed, at + 26)
    now = changed[at + LOCAL.size :][: min(length, container.MAX_NAME + 1)].decode("ascii", "replace")
    return {FOUND[number].name, FOUND[number - 1].name, now, f"entry {number + 1}"} | (
        {"container"} if not number else set()
    )


def test_the_bundle_is_right():
    assert verified(WHOLE, [AGENCY.public_key]).own_keys


def test_flips_in_files():
    chance, count = random.Random(1), 0
    for one in FOUND:
        for at in some(chance, one.offset, one.offset + one.size, DATA_FLIPS // len(FOUND) + 1):
            assert part_of(flipped(WHOLE, at, chance.randrange(8))).part == one.name
            count += 1
    assert count >= 500


def test_flips_in_the_structure_between():
    chance, count = random.Random(2), 0
    for number in range(len(FOUND)):
        for at in some(chance, header(number), FOUND[number].offset, STRUCTURE_FLIPS // len(FOUND)):
            changed = flipped(WHOLE, at, chance.randrange(8))
            told = part_of(changed)
            assert {told.part, told.facts.get("before")} & names_at(changed, number), at
            count += 1
    assert count >= 400


def test_flips_in_the_table_at_the_end():
    chance, at, count = random.Random(3), FOUND[-1].offset + FOUND[-1].size, 0
    for number, one in enumerate(FOUND):
        end = at + CENTRAL.size + len(one.name)
        for place in some(chance, at, end, STRUCTURE_FLIPS // len(FOUND) // 2):
            expected = {one.name} if number or place >= at + 4 else {FOUND[-1].name}
            assert part_of(flipped(WHOLE, place, chance.randrange(8))).part in expected
            count += 1
        at = end
    assert len(WHOLE) - at == END.size
    for place in range(at, len(WHOLE)):
        assert part_of(flipped(WHOLE, place, chance.randrange(8))).part == "container"
    assert count >= 200


def changes(files: Files, name: str, chance: random.Random, count: int):
    for at in some(chance, 0, len(files[name]), count):
        yield {**files, name: flipped(files[name], at, chance.randrange(8))}


@pytest.mark.parametrize("name", FILES)
def test_flips_that_are_packed_anew(name):
    """The container is right again: the list of digests, or its signature, is what finds them."""
    chance = random.Random(name)
    for files in changes(FILES, name, chance, LISTED_FLIPS):
        assert part_of(container.write(files)).part == name


@pytest.mark.parametrize("name", sorted(parts(AGENCY)))
def test_flips_that_are_listed_and_signed_anew_by_a_stranger(name):
    """He signs the list with a key of his own, and lists the agency's beside it."""
    forger, chance = agency(), random.Random(name)
    theirs = [
        {"public_key": one.public_key, "since": "2020-01-01T00:00:00.000Z", "until": None} for one in (AGENCY, forger)
    ]
    for files in changes(
        parts(AGENCY) | {n: d for n, d in FILES.items() if n != "bundle.json"}, name, chance, FORGED_FLIPS
    ):
        try:
            forged = listed(files, forger.key, public_keys=theirs)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # a chain of custody so broken that it has no end to be listed
        data = container.write(forged)
        assert part_of(data, [AGENCY.public_key]).part == "bundle.json"
        if name.startswith("evidence/") or name in SEALED:
            assert part_of(data).part == name
