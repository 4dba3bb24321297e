"""Hash lists as files: right lines are taken, wrong ones named with number, field and cure."""

import json
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.hashes.hash_files import HEADER, READERS, Listing, Problem

HASH = "0f" * 32
GOOD = f"police,k1,stand-in,pdq,{HASH},centre-5,40,"


def parsed(lines: Iterable[str], form: str = "csv") -> tuple[list[Listing], list[str]]:
    records = list(READERS[form](lines))
    listings = [one for one in records if isinstance(one, Listing)]
    return listings, [str(one) for one in records if isinstance(one, Problem)]


def line(**values: object) -> str:
    return json.dumps({"bank": "b", "entry": "e", "category": "c", "algorithm": "pdq", "hash": HASH, **values})


def test_a_csv_file() -> None:
    (first, second), problems = parsed([HEADER, GOOD, "", f"ngo,k2,stand-in,SHA256,{HASH.upper()},,,"])
    assert problems == []
    assert (first.bank, first.entry.entry, first.entry.variant, first.entry.threshold) == (
        "police",
        "k1",
        "centre-5",
        40,
    )
    assert (second.bank, second.entry.algorithm, second.entry.hash, second.entry.variant) == (
        "ngo", "sha256", HASH, "original",
    )  # fmt: skip


def test_the_last_columns_may_be_missing_and_the_threshold_is_then_the_bank_s() -> None:
    ((listing,), problems) = parsed(["bank,entry,category,algorithm,hash", f"b,e,c,pdq,{HASH}"])
    assert (problems, listing.entry.threshold, listing.entry.within(40)) == ([], None, 40)


@pytest.mark.parametrize(
    ("algorithm", "digits", "within"), [("md5", 32, 0), ("sha1", 40, 0), ("phash", 16, 5), ("vpdq", 64, 40)]
)
def test_every_algorithm_has_its_length_and_its_threshold(algorithm: str, digits: int, within: int) -> None:
    ((listing,), problems) = parsed([line(algorithm=algorithm, hash="0f" * (digits // 2))], "jsonl")
    assert (problems, listing.entry.within(40)) == ([], within)


def test_json_lines() -> None:
    ((listing,), problems) = parsed([line(threshold=12, phash="AB" * 8)], "jsonl")
    assert (problems, listing.entry.threshold, listing.entry.phash) == ([], 12, "ab" * 8)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"b,e,c,photodna,{HASH}", "line 3: algorithm 'photodna': give one of pdq, sha256, md5"),
        (f"b,e,c,md5,{HASH}", f"line 3: hash '{HASH}': give 32 hexadecimal digits for md5"),
        ("b,e,c,pdq,0f0f", "line 3: hash '0f0f': give 64 hexadecimal digits for pdq"),
        (f"b,e,c,pdq,{'zz' * 32}", f"line 3: hash '{'zz' * 32}': give 64 hexadecimal digits for pdq"),
        (f"b,e,c,pdq,{HASH},original,91", "line 3: threshold '91': give a whole number"),
        (f"b,e,c,pdq,{HASH},original,near", "line 3: threshold 'near': give a whole number"),
        (f"b,e,c,pdq,{HASH},original,31,12", "line 3: phash '12': give 16 hexadecimal digits"),
        (f"b,,c,pdq,{HASH}", "line 3: entry is missing"),
        ("b,e", "line 3: category is missing"),
        (f"b,e,c,pdq,{HASH},original,31,,more", "line 3: has 9 fields, the header 8"),
        (f"b,{'e' * 201},c,pdq,{HASH}", f"line 3: entry '{'e' * 200}': it has 201 characters; shorten it"),
        (f'b,"e,c,pdq,{HASH}', "line 3: a quote is not closed"),
        (f"b\x00,e,c,pdq,{HASH}", "line 3: bank 'b\\x00': give text without control characters"),
    ],
)
def test_a_wrong_csv_line_is_named_and_the_rest_is_kept(line: str, said: str) -> None:
    listings, (problem,) = parsed([HEADER, GOOD, line, GOOD])
    assert problem.startswith(said)
    assert len(listings) == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1: is not JSON"),
        ("[1]", "line 1: is no JSON object"),
        ('{"bank": "b"}', "line 1: entry is missing"),
        (line(bank=5), "line 1: bank '5': give text"),
        (line(entry=5), "line 1: entry '5': Input should be a valid string"),
        (line(bank="\ud800"), "line 1: bank '\\ud800': give text without control characters"),
        (line(variant="a\nb"), "line 1: variant 'a\\nb': give text without control characters"),
        ("[" * 100_000, "line 1: is not JSON"),
    ],
)
def test_a_wrong_json_line_is_named(line: str, said: str) -> None:
    listings, (problem,) = parsed([line], "jsonl")
    assert problem.startswith(said)
    assert listings == []


def test_a_header_without_a_needed_column_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks category, hash; it should be bank,entry,category"):
        parsed(["bank,entry,algorithm"])
    with pytest.raises(ValueError, match="lacks bank"):
        parsed([])


def test_an_unknown_column_is_named() -> None:
    listings, (problem,) = parsed([f"{HEADER},colour", f"{GOOD},red"])
    assert problem.startswith("line 1: colour: no such column, left out")
    assert len(listings) == 1


def test_a_file_is_read_as_it_is_taken() -> None:
    def endless() -> Iterator[str]:
        yield HEADER
        while True:
            yield GOOD

    assert isinstance(next(READERS["csv"](endless())), Listing)


@given(st.lists(st.text(max_size=80)), st.sampled_from(["csv", "jsonl"]))
def test_no_line_is_lost_silently_and_none_breaks_the_reader(lines: list[str], form: str) -> None:
    lines = [line.replace("\n", "").replace("\r", "") for line in lines]
    listings, problems = parsed([HEADER, *lines] if form == "csv" else lines, form)
    filled = [line for line in lines if (line if form == "csv" else line.strip())]
    assert len(listings) + len(problems) == len(filled)
