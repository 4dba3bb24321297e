"""Single bytes changed everywhere in a sealed bundle as the service makes it: each change is found, its part named."""

import io
import json
import random
import struct
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from haetae_verify import container
from haetae_verify.bundle import check_bundle
from haetae_verify.canonical import digest
from haetae_verify.container import CENTRAL, END, LOCAL, entries
from haetae_verify.signed import sign
from haetae_verify.source import Packed
from haetae_verify.wrong import Wrong
from services.evidence.domain import File
from shared.clock import ManualClock
from shared.database import Database
from tests.support.bundles import wacz
from tests.support.by_hand import BLOCKS, run
from tests.support.captures import evidence_settings
from tests.support.sealed import house
from tests.support.stamps import stampers

LENGTH = struct.Struct("<H")
SEALED = ("manifest.json", "seal.json", "custody.json")
STRUCTURE_FLIPS, DATA_FLIPS, LISTED_FLIPS, FORGED_FLIPS = 900, 600, 12, 12


@dataclass(frozen=True)
class Real:
    data: bytes
    key: str  # the agency's, public

    def __post_init__(self):
        object.__setattr__(self, "entries", entries(io.BytesIO(self.data)))
        object.__setattr__(self, "files", container.read(self.data))

    def header(self, number: int) -> int:
        return self.entries[number].offset - len(self.entries[number].name) - LOCAL.size


@pytest.fixture(scope="module")
async def real(migrated_once, tmp_path_factory):
    """Sealed, stamped by two authorities, and bundled by the service's own code."""
    folder, clock = tmp_path_factory.mktemp("real"), ManualClock()
    database = Database(migrated_once.dsn_for("evidence"), "/haetae/evidence", clock)
    async with stampers(folder / "authorities", clock) as authorities:
        settings = evidence_settings(stamp_authorities_file=authorities.file)
        async with house(folder, database, settings, clock) as made:
            case = await made.seal(more=(File("page.wacz", wacz(), "application/wacz"),))
            _, data = await made.bundle(made.order(case))
            yield Real(data, made.sealer.public_key)
    await database.close()


def wrong(data: bytes, keys=()) -> Wrong:
    with pytest.raises(Wrong) as found:
        check_bundle(Packed(io.BytesIO(data)), keys)
    return found.value


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def some(chance: random.Random, start: int, end: int, count: int) -> set[int]:
    """Places of a range, its first and last among them; all when there are few."""
    inner = range(start, end)
    return {*inner} if len(inner) <= count else {start, end - 1, *chance.sample(inner, count - 2)}


def names_at(real: Real, changed: bytes, number: int) -> set[str]:
    """What a changed header may be named by: its entry, the entry after which it begins, the name it holds now."""
    at = real.header(number)
    (length,) = LENGTH.unpack_from(changed, at + 26)
    now = changed[at + LOCAL.size :][: min(length, container.MAX_NAME + 1)].decode("ascii", "replace")
    before = real.entries[number - 1].name if number else "container"
    return {real.entries[number].name, before, now}


async def test_flips_in_each_file_and_between_the_files(real):
    chance, count = random.Random(1), 0
    assert check_bundle(Packed(io.BytesIO(real.data)), [real.key]).own_keys
    for number, one in enumerate(real.entries):
        for at in some(chance, one.offset, one.offset + one.size, DATA_FLIPS // len(real.entries)):
            assert wrong(flipped(real.data, at, chance.randrange(8))).part == one.name
            count += 1
        for at in some(chance, real.header(number), one.offset, STRUCTURE_FLIPS // len(real.entries)):
            changed = flipped(real.data, at, chance.randrange(8))
            told = wrong(changed)
            assert {told.part, told.facts.get("before")} & names_at(real, changed, number), (one.name, at, told)
            count += 1
    assert count >= 1_000


async def test_flips_in_the_table_at_the_end(real):
    chance, at = random.Random(2), real.entries[-1].offset + real.entries[-1].size
    for number, one in enumerate(real.entries):
        end = at + CENTRAL.size + len(one.name)
        for place in some(chance, at, end, STRUCTURE_FLIPS // len(real.entries)):
            expected = one.name if number or place >= at + 4 else real.entries[-1].name
            assert wrong(flipped(real.data, place, chance.randrange(8))).part == expected
        at = end
    assert len(real.data) - at == END.size
    for place in range(at, len(real.data)):
        assert wrong(flipped(real.data, place, chance.randrange(8))).part == "container"


async def test_the_commands_of_the_document_take_it_too(real, tmp_path):
    (tmp_path / "case.haetae.zip").write_bytes(real.data)
    told = run(tmp_path, *BLOCKS)
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count("Time stamp:") == 2


async def test_flips_that_are_packed_anew(real):
    """The container is right again: the list of digests, or its signature, is what finds them."""
    chance = random.Random(3)
    for name, data in real.files.items():
        for at in some(chance, 0, len(data), LISTED_FLIPS):
            files = {**real.files, name: flipped(data, at, chance.randrange(8))}
            assert wrong(container.write(files)).part == name


async def test_flips_that_a_stranger_lists_and_signs_anew(real):
    """With a key of his own, which he lists beside the agency's. Who knows the agency's key sees it at once; without
    it, what is sealed and chained still tells."""
    chance, forger = random.Random(4), Ed25519PrivateKey.generate()
    for name in [name for name in real.files if name != "bundle.json"]:
        for at in some(chance, 0, len(real.files[name]), FORGED_FLIPS):
            data = forged({**real.files, name: flipped(real.files[name], at, chance.randrange(8))}, forger)
            assert wrong(data, [real.key]).kind == "stranger-key"
            if name.startswith("evidence/") or name in SEALED:
                assert wrong(data).part == name


def forged(files: dict[str, bytes], key: Ed25519PrivateKey) -> bytes:
    was = json.loads(files["bundle.json"])
    theirs = {**was["public_keys"][0], "public_key": key.public_key().public_bytes_raw().hex()}
    about = {
        **{name: value for name, value in was.items() if name not in ("public_key", "signature")},
        "manifest_sha256": digest(files["manifest.json"]),
        "public_keys": [*was["public_keys"], theirs],
        "files": [
            {"name": name, "sha256": digest(data), "bytes": len(data)}
            for name, data in sorted(files.items())
            if name != "bundle.json"
        ],
    }
    return container.write({**files, "bundle.json": sign(about, key)})
