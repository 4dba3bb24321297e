"""The page of benchmarks is what the kept lines give, and a document names only benchmarks that exist."""

import re
import subprocess

from benchmarks.__main__ import NAMES
from benchmarks.recorded.kept import FOLDER, all_kept
from benchmarks.recorded.page import PAGE, README, page, pictures, unmarked
from benchmarks.recorded.sentences import ROWS, placed
from benchmarks.recorded.subjects import ROOT, SUBJECTS

NAMED = re.compile(r"\bNAME=([a-z]\w*)")


def test_the_page_and_its_plots_are_what_the_lines_give():
    """`python -m benchmarks page` writes them; only what the history adds may differ."""
    kept = all_kept()
    assert unmarked(PAGE.read_text()) == page(kept, {})
    assert README.read_text() == placed(README.read_text(), kept)
    assert {path.name: path.read_text() for path in FOLDER.glob("*.svg")} == pictures(kept)


def test_every_benchmark_has_its_place_on_the_page_and_names_code_that_exists():
    assert set(SUBJECTS) == set(NAMES)
    assert set(SUBJECTS) - set(ROWS) == {"scaling", "nation"}, "docs/capacity.md tells of these two"
    for name, subject in SUBJECTS.items():
        assert [path for path in subject.code if not (ROOT / path).exists()] == [], name


def test_every_benchmark_that_a_document_names_exists():
    documents = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for path in documents.splitlines():
        if (ROOT / path).exists():
            assert set(NAMED.findall((ROOT / path).read_text())) <= set(NAMES), path
