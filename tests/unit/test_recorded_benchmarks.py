"""Benchmarks run one after another, are kept, and become a page."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.recorded.drawing import Bar, drawn
from benchmarks.recorded.every import every
from benchmarks.recorded.kept import Kept, all_kept, keep
from benchmarks.recorded.page import page, pictures, unmarked, write
from benchmarks.recorded.sentences import BEGIN, END, placed, sentence, table
from benchmarks.recorded.subjects import ROOT, changed_since
from benchmarks.recorded.words import number

LINE = {
    "name": "crawl", "unit": "ms", "ours": 2.0, "peers": {"slow_one": 20.0, "other": 8.0}, "floor": 1.0,
    "lower_is_better": True, "bound_by": "one | core", "detail": {}, "against": "slow_one", "ratio": 10.0,
    "floor_ratio": 0.5, "machine": "2 cores", "commit": "abc1234+",
}  # fmt: skip
KEPT = Kept(LINE, 12.0, True, {"Python": "3"})


def test_one_that_fails_is_told_and_the_rest_goes_on(tmp_path: Path):
    (tmp_path / "program.py").write_text(
        "import sys\n"
        "if sys.argv[1] == 'broken':\n    sys.exit('gone wrong')\n"
        f"print('on the way')\nprint({json.dumps(LINE)!r}.replace('crawl', sys.argv[1] + sys.argv[2]))\n"
    )
    said: list[str] = []
    kept: dict[str, Kept] = {}
    failed = every(
        ["broken", "sound"],
        quick=True,
        home=tmp_path,
        say=said.append,
        keep=kept.__setitem__,
        command=(sys.executable, str(tmp_path / "program.py")),
    )
    assert failed == ["broken"]
    assert any("gone wrong" in words and "status 1" in words for words in said)
    assert kept.keys() == {"sound"}
    assert kept["sound"].line["name"] == "sound--quick"
    assert kept["sound"].quick
    assert "10 × slow one" in said[-1]


def test_what_is_kept_is_read_again_and_becomes_a_page(tmp_path: Path):
    keep("crawl", KEPT, tmp_path)
    assert all_kept(tmp_path) == {"crawl": KEPT}
    (tmp_path / "gone.svg").write_text("of a line that is no more")
    readme = tmp_path / "README.md"
    readme.write_text(f"Before.\n{BEGIN}old\n{END}\nAfter.\n")
    write(tmp_path / "page.md", tmp_path, readme)
    assert readme.read_text() == f"Before.\n{BEGIN}{table({'crawl': KEPT})}{END}\nAfter.\n"
    text = (tmp_path / "page.md").read_text()
    assert unmarked(text) == page({"crawl": KEPT}, {})
    assert "| 2 ms | 10 × slow one | 0.5 | 12 s |" in text
    assert "one \\| core" in text
    assert "`make bench NAME=crawl`, `QUICK=1`, in 12 s at `abc1234`" in text
    assert "`sweep`" in text.partition("Not measured yet")[2].partition("\n")[0]
    assert {path.name for path in tmp_path.glob("*.svg")} == {"crawl.svg"}


def test_the_readme_has_one_place_for_the_table():
    for document in ("none", f"{BEGIN}{END}" * 2):
        with pytest.raises(ValueError, match="no place, or several"):
            placed(document, {})


def test_a_sentence_has_three_digits_and_says_what_is_not_there():
    """Of a quick line some are not."""
    line = {**LINE, "ours": 0.43219, "peers": {"no archive": 0.19}, "lower_is_better": True}
    assert sentence("backup", line) == "0.432 ms; ? where nobody waits for it, 0.19 without an archive"
    line = {**LINE, "ours": 2.0, "peers": {"scrapy": 19.0}, "lower_is_better": True, "detail": {"pages_per_s": [1]}}
    peers = {"PDQ alone, 31 bits": 0.4, "PDQ alone, 87 bits": 0.5, "pHash alone, 13 bits": 0.57}
    assert sentence("hashing", {**LINE, "ours": 0.97, "peers": peers}).endswith("PDQ alone 40%, pHash 57%")
    assert "2 ms of CPU, ? pages/s on one core; Scrapy as it comes needs 9.5 times" in sentence("crawl", line)


def test_a_line_older_than_its_code_is_marked_and_nothing_else_changes():
    marked = page({"crawl": KEPT}, {"crawl": "def5678"})
    assert "at `abc1234` (measured before `def5678`);" in marked
    assert unmarked(marked) == page({"crawl": KEPT}, {})


def test_the_history_says_what_changed_after_a_line():
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    last = git("log", "-1", "--format=%h", "--", "services/crawler", "benchmarks/crawl.py", ":(exclude)*.md")
    assert changed_since(last, "crawl") == ""
    assert changed_since("0" * 40, "crawl") == "?"
    if len(git("log", "-2", "--format=%h", "--", "services/crawler").splitlines()) > 1:
        assert changed_since(f"{last}~1", "crawl") == last


def test_found_at_once_is_told_by_how_many():
    wave = {"findings": 1, "median_s": 1.25, "p99_s": 2.5, "appeared_to_draft_median_s": 3.0, "an_hour": 1200}
    line = {**LINE, "name": "paced", "detail": {"steady": wave, "at_once": {"1": wave, "100": wave}}}
    assert "| 100 at once | 1 | 1.25 | 2.5 | 3 | 1,200 |" in page({"paced": Kept(line, 1.0, False, {})}, {})


def test_what_ten_times_as_much_takes_is_told():
    asked = {"few": 20_000, "many": 200_000, "few_ms": 12.0, "many_ms": 13.2, "times": 1.1}
    line = {**LINE, "name": "growth", "detail": {"grown": {"sites, claim": asked}}}
    assert "| sites, claim | 20,000 | 12 ms | 13.2 ms | 1.1 |" in page({"growth": Kept(line, 1.0, False, {})}, {})


def test_how_well_text_is_found_is_told_where_it_was_measured():
    likeness = {"precision": 0.9454, "recall": 0.955, "f1": 0.941}
    line = {**LINE, "name": "reading", "detail": {"text": {"ours": likeness}}}
    assert "| ours | 0.945 | 0.955 | 0.941 |" in page({"reading": Kept(line, 1.0, False, {})}, {})
    line = {**line, "detail": {"text": "give DATA=FOLDER"}}
    assert "Text found" not in page({"reading": Kept(line, 1.0, False, {})}, {})


def test_bars_are_as_long_as_their_values_on_light_and_on_dark():
    svg = drawn("a < b", [Bar("ours", 50.0, "ours"), Bar("peer", 100.0, "peer"), Bar("x" * 80, 0.0, "floor")])
    assert 'width="210" ' in svg.replace("210.0", "210")
    assert 'width="420' in svg
    assert "a &lt; b" in svg
    assert "prefers-color-scheme:dark" in svg
    assert "…" in svg
    assert pictures({"crawl": KEPT})["crawl.svg"].count('class="peer"') == 2


@pytest.mark.parametrize(
    ("value", "shown"), [(0.12345, "0.123"), (97.94, "97.9"), (12_345, "12,300"), (999.6, "1,000"), (None, "")]
)
def test_three_digits_count(value: float | None, shown: str):
    assert number(value) == shown
