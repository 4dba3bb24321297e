"""A list of sites: wrong lines are named with the cure, the rest is kept."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.crawler.registry.onion import onion_problem
from services.crawler.registry.site_export import written
from services.crawler.registry.site_fields import DEFAULT_PACE, DEFAULT_REVISIT_S, FIELDS, Names
from services.crawler.registry.site_lines import ANY_NAMES, SiteLine, parse_sites
from tests.support.onion import onion_host

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


def spelt(options: dict[str, Any]) -> str:
    return json.dumps(options, ensure_ascii=False, sort_keys=True)


def made_of(line: str, header: str, names: Names = ANY_NAMES) -> list[SiteLine]:
    sites, problems = parse_sites([header, line], "csv", names)
    assert problems == []
    return sites


@pytest.mark.parametrize("lines", [["url,name", "http://a.test/,A"], ["name,url,kind", '"A",http://a.test/,']])
def test_all_but_address_and_name_are_optional(lines: list[str]) -> None:
    (site,), problems = parse_sites(lines, "csv")
    assert not problems
    assert (site.kind, site.language, site.abuse_email) == ("board", None, None)
    assert (site.requests_per_second, site.revisit_seconds) == (DEFAULT_PACE, DEFAULT_REVISIT_S)


@pytest.mark.parametrize(
    ("ground", "answer", "obeys"),
    [
        ("", "", True),
        ("", "yes", True),
        ("public", "", True),
        ("victim_request", "", False),
        ("victim_request", "Yes", True),
        ("court_order", "No", False),
    ],
)
def test_the_ground_says_whether_robots_txt_is_obeyed_and_the_line_may_be_stricter(ground, answer, obeys) -> None:
    (made,) = made_of(f"http://a.test/,A,{answer},{ground}", "url,name,obey_robots,legal_ground")
    assert made.obey_robots is obeys


@pytest.mark.parametrize("ground", ["", "public"])
def test_a_line_is_never_laxer_than_its_ground(ground: str) -> None:
    sites, (problem,) = parse_sites(["url,name,obey_robots,legal_ground", f"http://a.test/,A,no,{ground}"], "csv")
    assert not sites
    assert problem.startswith(
        "line 2: obey_robots: 'no' cannot be used; under legal_ground public robots.txt is obeyed"
    )
    assert "victim_request" in problem


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
        ("http://b.test/,X,forum", "line 3: kind: 'forum' cannot be used; give one of board, community"),
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
        [f"line 1: url, name: not among the fields; begin with the line {','.join(FIELDS)}"],
    )
    sites, problems = parse_sites(["url,name,colour", "http://a.test/,A,red"], "csv")
    assert len(sites) == 1
    assert problems[0].startswith("line 1: colour: no such field")
    with pytest.raises(ValueError, match="csv or jsonl"):
        parse_sites([], "xml")


@pytest.mark.parametrize(
    "lines",
    [
        ["url;name;kind", "http://a.test/;A, or B;gallery"],
        ["url\tname\tkind", "http://a.test/\tA, or B\tgallery"],
        ["url,name,kind,,", 'http://a.test/,"A, or B",gallery,,'],
        ["url,name,kind", 'http://a.test/,"A, or B",gallery,,,'],
    ],
)
def test_a_list_as_spreadsheets_write_it(lines: list[str]) -> None:
    (site,), problems = parse_sites(lines, "csv")
    assert (site.name, site.kind, problems) == ("A, or B", "gallery", [])


def test_a_field_that_is_named_twice_is_not_guessed() -> None:
    assert parse_sites(["url,name,url", "http://a.test/,A,http://b.test/"], "csv") == (
        [],
        ["line 1: url: named twice; name each field once"],
    )


def test_wrong_json_lines() -> None:
    sites, problems = parse_sites(["{", "[1]", '{"url": "http://a.test/", "name": "A"}', '{"name": "B"}'], "jsonl")
    assert [site.host for site in sites] == ["a.test"]
    assert [problem.split(":")[0] for problem in problems] == ["line 1", "line 2", "line 4"]


@given(st.lists(st.text(max_size=30), max_size=5), st.sampled_from(["csv", "jsonl"]))
def test_no_text_breaks_the_list(lines: list[str], format: str) -> None:
    parse_sites([HEADER, *lines] if format == "csv" else lines, format)


# The name of no service: its key is 32 zeros.
ONION = onion_host(bytes(32))
MORE = "url,name,kind,legal_ground,visits_per_day,exit,credential,connector,options,renders,paused"


def test_a_line_with_everything_that_is_newer() -> None:
    options = '"{""room"": ""!a:chat.test"", ""basis"": ""open""}"'
    (site,) = made_of(f"http://a.test/,A,chat,victim_request,500,kr,board_login,matrix,{options},yes,no", MORE)
    assert (site.legal_ground, site.visits_per_day, site.exit) == ("victim_request", 500, "kr")
    assert (site.credential, site.connector, site.renders, site.paused) == ("board_login", "matrix", True, False)
    assert site.options == '{"basis": "open", "room": "!a:chat.test"}'
    assert made_of("http://a.test/,A", "url,name")[0].paused is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "http://b.test/,X,,because",
            "legal_ground: 'because' cannot be used; give one of public,",
        ),
        ("http://b.test/,X,,,0", "visits_per_day: '0' cannot be used; give a whole number from 1"),
        ("http://b.test/,X,,,1.5", "visits_per_day: '1.5' cannot be used"),
        ("http://b.test/,X,,,,K R", "exit: 'K R' cannot be used; give the name of an exit"),
        ("http://b.test/,X,,,,de", "exit: 'de' cannot be used; add the line `de URL` to the file of HAETAE_EXITS_FILE"),
        ("http://b.test/,X,,,,,login", "credential: 'login' cannot be used; under legal_ground public nobody logs in"),
        (
            "http://b.test/,X,,court_order,,,other",
            "credential: 'other' cannot be used; add [other] to the file",
        ),
        ("http://b.test/,X,,,,,,no such", "connector: 'no such' cannot be used"),
        ("http://b.test/,X,,,,,,,[]", "options: '[]' cannot be used; give a JSON object"),
        ("http://b.test/,X,,,,,,,{}x", "options: '{}x' cannot be used"),
        ('http://b.test/,X,,,,,,,"{""a"": 1}"', "options: '{\"a\": 1}' cannot be used; they are for a connector"),
        ("http://b.test/,X,,,,,,,,perhaps", "renders: 'perhaps' cannot be used; give yes"),
        ("http://b.test/,X,,,,,,,,,soon", "paused: 'soon' cannot be used"),
        (
            "http://b.test/,X,dark_web",
            "url: 'http://b.test/' cannot be used; a site of kind dark_web",
        ),
        ("http://abcdefghij234567.onion/,X", "url: 'http://abcdefghij234567.onion/' cannot be used; 56 letters"),
        (f"http://b{ONION[1:]}/,X", f"url: 'http://b{ONION[1:]}/' cannot be used; its checksum is wrong"),
        (f"http://{ONION}/,X,,,,kr", "exit: 'kr' cannot be used; an onion service is reached through onion alone"),
        (f"http://{ONION}/,X,dark_web", "exit: 'onion' cannot be used; add the line `onion URL`"),
        ("http://b.test/,a\x07b", "name: 'a\\x07b' cannot be used; take out the control characters"),
    ],
)
def test_what_is_wrong_with_the_newer_fields_is_named(line: str, problem: str) -> None:
    sites, problems = parse_sites([MORE, line], "csv", Names(exits={"kr"}, credentials={"login"}))
    assert (sites, len(problems)) == ([], 1)
    assert problems[0].startswith(f"line 2: {problem}")


def test_an_onion_service_needs_its_exit_whatever_its_kind() -> None:
    for host in (ONION, f"www.{ONION}"):
        (site,) = made_of(f"http://{host}/,X,dark_web", MORE, Names(exits={"onion"}))
        assert (site.host, site.kind) == (host, "dark_web")


@settings(derandomize=True)  # of 65,536 mistyped names one has the right checksum
@given(st.binary(min_size=32, max_size=32), st.integers(0, 55), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_mistyped_onion_name_is_noticed(key: bytes, place: int, letter: str) -> None:
    host = onion_host(key)
    mistyped = host[:place] + letter + host[place + 1 :]
    assert onion_problem(host) is None
    assert (onion_problem(mistyped) is None) == (mistyped == host)


def test_half_a_character_is_refused_before_the_database_sees_it() -> None:
    sites, problems = parse_sites([r'{"url": "http://a.test/", "name": "A\ud800"}'], "jsonl")
    assert not sites
    assert "name: 'A\\ud800' cannot be used" in problems[0]


def test_a_connector_says_what_is_wrong_with_its_line() -> None:
    def check(connector: str, options: str | None, ground: str) -> None:
        raise ValueError(f"connector: {connector} {options} {ground}")

    _, (problem,) = parse_sites(
        ['{"url": "http://a.test/", "name": "A", "connector": "x", "options": {"b": 1, "a": [2]}}'],
        "jsonl",
        Names(check_connector=check),
    )
    assert problem == 'line 1: connector: x {"a": [2], "b": 1} public'


NAME = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=40).map(str.strip)
WORDS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,8}", fullmatch=True)
SITES = st.builds(
    SiteLine,
    host=st.just("a.test"),
    start_url=st.sampled_from(["http://a.test/", "https://a.test:8443/new?page=1&q=%2C"]),
    name=NAME.filter(bool),
    kind=st.sampled_from(["board", "gallery", "search"]),
    language=st.sampled_from([None, "ko"]),
    country=st.sampled_from([None, "KR"]),
    abuse_email=st.sampled_from([None, "abuse@a.test"]),
    requests_per_second=st.floats(1e-6, 1000.0),
    revisit_seconds=st.floats(1.0, 1e9),
    obey_robots=st.booleans(),
    legal_ground=st.just("court_order"),
    visits_per_day=st.none() | st.integers(1, 10_000_000),
    exit=st.none() | WORDS,
    credential=st.none() | WORDS,
    connector=st.just("any"),
    options=st.none() | st.dictionaries(NAME, NAME | st.integers(), min_size=1, max_size=3).map(spelt),
    renders=st.booleans(),
    sole_purpose=st.none() | st.booleans(),
    paused=st.none() | st.booleans(),
)


@given(SITES, st.sampled_from(["csv", "jsonl"]))
def test_what_is_written_is_read_as_it_was(site: SiteLine, format: str) -> None:
    text = "".join(written([site], format))
    assert parse_sites(text.split("\n"), format) == ([site], [])
