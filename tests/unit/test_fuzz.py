"""Readers of strangers' bytes, a few hundred inputs each: nothing but the errors that it promises."""

from itertools import islice

import pytest

from services.crawler.connectors.json_mapping import parse_mapping
from tests.support.fuzz.engine import Target, fuzz, inputs, smaller, tried
from tests.support.fuzz.targets import TARGETS

EACH, FEWER = 250, {"page": 60}  # those that take milliseconds each


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_it_fails_by_name_only(target: Target) -> None:
    told = fuzz(target, seed=1, count=FEWER.get(target.name, EACH))
    assert told.finding is None, str(told.finding)


def test_the_same_seed_makes_the_same_inputs() -> None:
    first, again = (inputs(TARGETS[0], 3) for _ in range(2))
    assert [next(first) for _ in range(50)] == [next(again) for _ in range(50)]


def test_what_breaks_a_reader_is_found_and_made_small() -> None:
    def reads(data: bytes) -> None:
        if data.count(b"(") > 100:
            raise KeyError("brackets")
        raise ValueError("named")

    target = Target("brackets", reads, (ValueError,), (b"harbour", b"lantern (parcel)"))
    told = fuzz(target, seed=1, count=2_000)
    assert told.finding is not None
    assert list(islice(inputs(target, 1), told.count))[-1] == told.finding.data
    assert smaller(target, told.finding).data == b"(" * 101


def test_a_librarys_kind_of_a_promised_error_is_none() -> None:
    target = Target("letters", lambda data: data.decode("ascii"), (ValueError,), (b"harbour",))
    found = tried(target, b"\xff")
    assert found is not None
    assert isinstance(found.error, UnicodeDecodeError)


@pytest.mark.parametrize("target", [one for one in TARGETS if one.name in ("rule file", "mapping", "trusted keys")])
@pytest.mark.parametrize(("data", "said"), [(b"[" * 3_000, "nested too deeply"), (b"9" * 5_000, "number is too long")])
def test_toml_that_cannot_be_read_is_said_to_be(target: Target, data: bytes, said: str) -> None:
    with pytest.raises(target.errors, match=said):
        target.call(b"a = " + data)


def test_a_path_that_is_a_number_is_refused_with_the_cure() -> None:
    with pytest.raises(ValueError, match=r"items.*names joined by dots"):
        parse_mapping('url = "link"\nitems = inf', "here")
