"""Hash lists as files: right lines are taken, wrong ones named with number, field and cure."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.hashes.hash_files import HEADER, parse_hashes

HASH = "0f" * 32
GOOD = f"police,k1,stand-in,pdq,{HASH},centre-5,40"


def test_a_csv_file() -> None:
    by_bank, problems = parse_hashes([HEADER, GOOD, "", f"ngo,k2,stand-in,SHA256,{HASH.upper()},,"], "csv")
    assert problems == []
    (first,), (second,) = by_bank["police"], by_bank["ngo"]
    assert (first.entry, first.variant, first.threshold) == ("k1", "centre-5", 40)
    assert (second.algorithm, second.hash, second.variant, second.threshold) == ("sha256", HASH, "original", 31)


def test_the_last_two_columns_may_be_missing() -> None:
    by_bank, problems = parse_hashes(["bank,entry,category,algorithm,hash", f"b,e,c,pdq,{HASH}"], "csv")
    assert (problems, by_bank["b"][0].threshold) == ([], 31)


def test_json_lines() -> None:
    lines = [
        json.dumps({"bank": "b", "entry": "e", "category": "c", "algorithm": "pdq", "hash": HASH, "threshold": 12})
    ]
    by_bank, problems = parse_hashes(lines, "jsonl")
    assert (problems, by_bank["b"][0].threshold) == ([], 12)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"b,e,c,md5,{HASH}", "line 3: algorithm 'md5': give pdq or sha256"),
        ("b,e,c,pdq,0f0f", "line 3: hash '0f0f': give 64 hexadecimal digits"),
        (f"b,e,c,pdq,{HASH},original,91", "line 3: threshold '91': give a whole number"),
        (f"b,e,c,pdq,{HASH},original,near", "line 3: threshold 'near': give a whole number"),
        (f"b,,c,pdq,{HASH}", "line 3: entry is missing"),
        ("b,e", "line 3: category is missing"),
        (f"b,e,c,pdq,{HASH},original,31,more", "line 3: has 8 fields, the header 7"),
        (f"b,{'e' * 201},c,pdq,{HASH}", "line 3: entry has 201 characters; shorten it"),
        (f'b,"e,c,pdq,{HASH}', "line 3: a quote is not closed"),
        (f"b\x00,e,c,pdq,{HASH}", "line 3: bank 'b\\x00': give text without control characters"),
    ],
)
def test_a_wrong_csv_line_is_named_and_the_rest_is_kept(line: str, said: str) -> None:
    by_bank, (problem,) = parse_hashes([HEADER, GOOD, line, GOOD], "csv")
    assert problem.startswith(said)
    assert len(by_bank["police"]) == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1: is not JSON"),
        ("[1]", "line 1: is no JSON object"),
        ('{"bank": "b"}', "line 1: entry is missing"),
        (
            json.dumps({"bank": 5, "entry": "e", "category": "c", "algorithm": "pdq", "hash": HASH}),
            "line 1: bank '5': give text",
        ),
        (
            json.dumps({"bank": "\ud800", "entry": "e", "category": "c", "algorithm": "pdq", "hash": HASH}),
            "line 1: bank '\\ud800': give text",
        ),
        ("[" * 100_000, "line 1: is not JSON"),
    ],
)
def test_a_wrong_json_line_is_named(line: str, said: str) -> None:
    by_bank, (problem,) = parse_hashes([line], "jsonl")
    assert problem.startswith(said)
    assert by_bank == {}


def test_a_header_without_a_needed_column_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks category, hash; it should be bank,entry,category"):
        parse_hashes(["bank,entry,algorithm"], "csv")
    with pytest.raises(ValueError, match="lacks bank"):
        parse_hashes([], "csv")


def test_an_unknown_column_is_named() -> None:
    by_bank, (problem,) = parse_hashes([f"{HEADER},colour", f"{GOOD},red"], "csv")
    assert problem.startswith("line 1: colour: no such column, left out")
    assert len(by_bank["police"]) == 1


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="'xml': give one of csv, jsonl"):
        parse_hashes([], "xml")


@settings(deadline=None)
@given(st.lists(st.text(max_size=80)), st.sampled_from(["csv", "jsonl"]))
def test_no_line_is_lost_silently_and_none_breaks_the_reader(lines: list[str], format_: str) -> None:
    lines = [line.replace("\n", "").replace("\r", "") for line in lines]
    by_bank, problems = parse_hashes([HEADER, *lines] if format_ == "csv" else lines, format_)
    filled = [line for line in lines if (line if format_ == "csv" else line.strip())]
    assert sum(map(len, by_bank.values())) + len(problems) == len(filled)
