"""A list of sites: wrong lines are named with the cure, the rest is kept."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crawler.site_lines import DEFAULT_PACE, DEFAULT_REVISIT_S, parse_sites

HEADER = "url,name,kind,language,country,abuse_email,requests_per_second,revisit_seconds"
GOOD = "http://Board.test:8080,Board,board,ko,KR,abuse@board.test,2,10"


def test_a_whole_line() -> None:
    (site,), problems = parse_sites([HEADER, GOOD], "csv")
    assert not problems
    assert (site.host, site.start_url, site.name, site.kind) == (
        "board.test",
        "http://board.test:8080/",
        "Board",
        "board",
    )
    assert (site.language, site.country, site.abuse_email) == ("ko", "KR", "abuse@board.test")
    assert (site.requests_per_second, site.revisit_seconds) == (2.0, 10.0)


@pytest.mark.parametrize("lines", [["url,name", "http://a.test/,A"], ["name,url,kind", '"A",http://a.test/,']])
def test_the_last_six_are_optional(lines: list[str]) -> None:
    (site,), problems = parse_sites(lines, "csv")
    assert not problems
    assert (site.kind, site.language, site.abuse_email) == ("board", None, None)
    assert (site.requests_per_second, site.revisit_seconds) == (DEFAULT_PACE, DEFAULT_REVISIT_S)


@pytest.mark.parametrize(("answer", "obeys"), [("", True), ("yes", True), ("No", False)])
def test_robots_txt_is_obeyed_unless_the_list_says_no(answer: str, obeys: bool) -> None:
    (site,), problems = parse_sites(["url,name,obey_robots", f"http://a.test/,A,{answer}"], "csv")
    assert (site.obey_robots, problems) == (obeys, [])
    assert "obey_robots" in parse_sites(["url,name,obey_robots", "http://a.test/,A,perhaps"], "csv")[1][0]


def test_json_lines_say_the_same() -> None:
    values = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    assert parse_sites([json.dumps(values), ""], "jsonl") == parse_sites([HEADER, GOOD], "csv")
    typed = json.dumps({"url": "http://a.test/", "name": "A", "requests_per_second": 0.5, "language": None})
    assert parse_sites([typed], "jsonl")[0][0].requests_per_second == 0.5


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("not a url,X", "line 3: url: 'not a url' cannot be used; give the address"),
        (",X", "line 3: url: nothing cannot be used"),
        ("http://b.test/,", "line 3: name: nothing cannot be used; give the site's name"),
        ("http://b.test/,X,forum", "line 3: kind: 'forum' cannot be used; give one of board, gallery, feed, chat"),
        ("http://b.test/,X,,kor", "line 3: language: 'kor' cannot be used; give two small letters"),
        ("http://b.test/,X,,,kr", "line 3: country: 'kr' cannot be used; give two capitals"),
        ("http://b.test/,X,,,,abuse", "line 3: abuse_email: 'abuse' cannot be used; give one mail address"),
        ("http://b.test/,X,,,,,0", "line 3: requests_per_second: '0' cannot be used; give a number above 0"),
        ("http://b.test/,X,,,,,nan", "line 3: requests_per_second: 'nan' cannot be used"),
        ("http://b.test/,X,,,,,fast", "line 3: requests_per_second: 'fast' cannot be used"),
        ("http://b.test/,X,,,,,,0.1", "line 3: revisit_seconds: '0.1' cannot be used; give a number of at least 1"),
        ("http://BOARD.test/2,X", "line 3: url: host board.test is on an earlier line already"),
        ("a,b,c,d,e,f,g,h,i", "line 3: 9 values for 8 fields"),
        ('http://b.test/,"X', "line 3: a quote is not closed"),
    ],
)
def test_a_wrong_line_is_named_and_the_rest_kept(line: str, problem: str) -> None:
    sites, problems = parse_sites([HEADER, GOOD, line, "", "http://last.test/,Last"], "csv")
    assert [site.host for site in sites] == ["board.test", "last.test"]
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_wrong_headers_and_formats() -> None:
    assert parse_sites(["address,name", "http://a.test/,A"], "csv")[1][0].startswith(
        "line 1: url: not among the fields"
    )
    assert parse_sites([], "csv") == (
        [],
        [f"line 1: url, name: not among the fields; begin with the line {HEADER},obey_robots"],
    )
    sites, problems = parse_sites(["url,name,colour", "http://a.test/,A,red"], "csv")
    assert len(sites) == 1
    assert problems[0].startswith("line 1: colour: no such field")
    with pytest.raises(ValueError, match="csv or jsonl"):
        parse_sites([], "xml")


def test_wrong_json_lines() -> None:
    sites, problems = parse_sites(["{", "[1]", '{"url": "http://a.test/", "name": "A"}', '{"name": "B"}'], "jsonl")
    assert [site.host for site in sites] == ["a.test"]
    assert [problem.split(":")[0] for problem in problems] == ["line 1", "line 2", "line 4"]


@given(st.lists(st.text(max_size=30), max_size=5), st.sampled_from(["csv", "jsonl"]))
def test_no_text_breaks_the_list(lines: list[str], format: str) -> None:
    parse_sites([HEADER, *lines] if format == "csv" else lines, format)
