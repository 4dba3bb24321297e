"""What is packed is unpacked, never beyond what was said."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from shared.net.asked import Answer, Asked, Origin
from shared.net.body import body_of
from shared.net.decoding import DECODERS, Undecodable, codings_of, unpack
from shared.net.failures import Fault, FetchFailed

LIMIT = 10_000
Pack = Callable[[bytes], bytes]


def zstd_unsized(data: bytes) -> bytes:
    """As servers that stream send it: the frame does not say how large it unpacks."""
    state = zstandard.ZstdCompressor().compressobj()
    return state.compress(data) + state.flush()


PACKS: list[tuple[str, Pack]] = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", lambda data: zlib.compress(data)[2:-4]),
    ("br", brotli.compress),
    ("zstd", zstandard.compress),
    ("zstd", zstd_unsized),
]
each_pack = pytest.mark.parametrize(("coding", "pack"), PACKS)


def body(packed: bytes, coding: str, limit: int = LIMIT, cut: bool = False, ended: bool = True) -> tuple[bytes, bool]:
    origin = Origin("http", "a.test", 80)
    asked = Asked("http://a.test/", origin, "a.test", "/", (), limit, whole=not cut)
    return body_of(Answer(200, (("Content-Encoding", coding),), packed, ended, "HTTP/1.1"), asked)


def fault_of(packed: bytes, coding: str) -> Fault:
    with pytest.raises(FetchFailed) as failure:
        body(packed, coding)
    return failure.value.fault


@each_pack
@given(data=st.binary(max_size=LIMIT))
def test_what_is_packed_comes_out(coding: str, pack: Pack, data: bytes) -> None:
    assert body(pack(data), coding) == (data, False)


@each_pack
def test_a_body_at_the_limit_passes_and_one_beyond_does_not(coding: str, pack: Pack) -> None:
    lines = b"".join(b"%d lantern parcel %d\n" % (n, n * n) for n in range(LIMIT))
    assert body(pack(lines[:LIMIT]), coding) == (lines[:LIMIT], False)
    assert fault_of(pack(lines[: LIMIT + 1]), coding) is Fault.TOO_LARGE
    assert body(pack(lines[: LIMIT + 1]), coding, cut=True) == (lines[:LIMIT], True)


@pytest.mark.parametrize("cut", [False, True])
@each_pack
def test_a_bomb_has_its_name_and_costs_no_memory(coding: str, pack: Pack, cut: bool) -> None:
    bomb = pack(b"\0" * 20_000_000)
    tracemalloc.start()
    with pytest.raises(FetchFailed, match="bomb") as failure:
        body(bomb, coding, limit=1_000_000, cut=cut)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert failure.value.fault is Fault.BOMB
    assert peak < 6_000_000


@each_pack
@given(junk=st.binary(min_size=1, max_size=200))
def test_junk_is_a_failure_or_bytes(coding: str, pack: Pack, junk: bytes) -> None:
    for packed in (junk, pack(b"lantern " * 100)[:50] + junk):
        with suppress(FetchFailed):
            assert len(body(packed, coding)[0]) <= LIMIT


@pytest.mark.parametrize("pack", [brotli.compress, zstandard.compress, zstd_unsized])
def test_a_missing_end_is_told(pack: Pack) -> None:
    coding = "br" if pack is brotli.compress else "zstd"
    data = bytes(range(256)) * 20
    assert fault_of(pack(data)[:-3], coding) is Fault.TRUNCATED


def test_a_gzip_without_its_end_is_shown_as_browsers_do() -> None:
    data = bytes(range(256)) * 20
    assert body(gzip.compress(data)[:-8], "gzip") == (data, True)
    assert fault_of(gzip.compress(data)[:5], "gzip") is Fault.TRUNCATED


def test_what_was_cut_on_the_wire_is_cut_when_unpacked() -> None:
    data = b"".join(b"%d lantern\n" % n for n in range(3000))
    got, cut = body(gzip.compress(data)[:2000], "gzip", cut=True, ended=False)
    assert cut
    assert data.startswith(got)
    assert len(got) > 2000


def test_a_body_packed_twice_is_unpacked_twice() -> None:
    data = b"lantern " * 500
    assert body(brotli.compress(gzip.compress(data)), "gzip, br") == (data, False)
    twice = gzip.compress(gzip.compress(b"\0" * 50_000_000))
    assert fault_of(twice, "gzip, gzip") in (Fault.BOMB, Fault.TOO_LARGE)


def test_codings_that_nobody_asked_for_are_refused() -> None:
    assert codings_of(["gzip", " BR, identity,, "]) == ["gzip", "br"]
    for values in (["compress"], ["gzip, gzip, gzip"], ["gzip", "aes128gcm"]):
        with pytest.raises(Undecodable):
            codings_of(values)


@pytest.mark.parametrize("coding", ["utf-8", "none", "lantern, none"])
def test_what_is_no_coding_is_passed_over_as_browsers_do(coding: str) -> None:
    assert body(b"shown", coding) == (b"shown", False)
    assert body(gzip.compress(b"shown"), f"gzip, {coding}") == (b"shown", False)


def test_a_page_does_not_hide_behind_an_empty_frame() -> None:
    empty = b"\x50\x2a\x4d\x18" + bytes(4)  # "skippable" (RFC 8878, 3.1.2)
    for first in (empty, zstandard.compress(b"")):
        assert body(first + zstandard.compress(b"lantern ") + zstd_unsized(b"parcel"), "zstd")[0] == b"lantern parcel"
    assert body(zstandard.compress(b"shown") + b"junk", "zstd") == (b"shown", False)
    assert fault_of(empty + zstandard.compress(b"\0" * 10_000_000), "zstd") is Fault.BOMB


def test_nothing_packed_is_nothing() -> None:
    assert all(body(b"", coding) == (b"", False) for coding in DECODERS)


@each_pack
def test_no_more_is_unpacked_than_told(coding: str, pack: Pack) -> None:
    assert len(unpack(pack(b"x" * 1_000_000), [coding], 1000)[0]) == 1000
