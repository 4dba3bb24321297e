"""One too much of what people and programs give, where no other test sends it. The whole list: docs/limits.md."""

import json
from contextlib import nullcontext
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import ValidationError

from haetae import imports
from services.classifier.hashes.exchange import signals
from services.gateway.federation import receiving
from services.gateway.people.assertions import MAX_ASSERTION, Refused, claimed_by
from services.gateway.problems import Problem
from services.gateway.submissions import MAX_PICTURES, MAX_VARIANTS, Given
from services.notifier.channels.api import files
from shared.stamps import authorities


def test_a_line_of_a_list_without_an_end_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "sites.csv"
    file.write_bytes(b"a" * imports.LONGEST_LINE + b"\nb\n")
    with pytest.raises(ValueError, match=r"sites\.csv: a line is longer than 262144 bytes"):
        list(imports.lines_of(file))
    file.write_bytes(b"a" * (imports.LONGEST_LINE - 1) + b"\nb\n")
    assert [len(line) for line in imports.lines_of(file)] == [imports.LONGEST_LINE - 1, 1]


def test_a_line_of_signals_without_an_end_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "signals.txt"
    file.write_text("pdq " + "0f" * signals.LONGEST_LINE)
    with pytest.raises(ValueError, match=r"signals\.txt: line 1 is longer than 65536 characters"):
        list(signals.read_signals(file, "bank"))


def test_a_long_assertion_is_not_parsed() -> None:
    with pytest.raises(Refused, match="too long"):
        claimed_by("a" * (MAX_ASSERTION + 1))


def test_more_statements_than_a_file_may_have_are_refused() -> None:
    many = receiving.MOST_AT_ONCE
    assert len(receiving.read_list(json.dumps(["a.b.c"] * many).encode())) == many
    with pytest.raises(Problem):
        receiving.read_list(json.dumps(["a.b.c"] * (many + 1)).encode())


@pytest.mark.parametrize(
    ("pictures", "variants"), [(MAX_PICTURES, MAX_VARIANTS), (MAX_PICTURES + 1, 0), (1, MAX_VARIANTS + 1)]
)
def test_more_pictures_or_variants_than_a_submission_may_have_are_refused(pictures: int, variants: int) -> None:
    picture = {
        "pdq": "0f" * 32,
        "quality": 100,
        "sha256": "0f" * 32,
        "variants": {f"v{n}": "0f" * 32 for n in range(variants)},
    }
    given = {"submission_id": str(uuid4()), "source": "agency", "category": "other", "reference": "1"}
    allowed = pictures <= MAX_PICTURES and variants <= MAX_VARIANTS
    with nullcontext() if allowed else pytest.raises(ValidationError, match="too_long"):
        Given.model_validate({**given, "pictures": [picture] * pictures})


def test_a_connector_file_is_read_up_to_its_size(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_bytes(b"#" * (files.MOST_BYTES + 1))
    with pytest.raises(ValueError, match=r"own\.toml: larger than 65536 bytes"):
        files.read_file(file)


def test_more_authorities_than_are_asked_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "authorities.toml"
    file.write_text('[[authority]]\nname = "a"\n' * (authorities.MOST + 1))
    with pytest.raises(ValueError, match="one to 8 entries"):
        authorities.read(file)
