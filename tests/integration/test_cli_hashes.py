"""`haetae banks` and `haetae hashes` as a person uses them, in one process each, against one database."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from haetae.cli import app
from services.classifier.hashes.entries import Algorithm, BankHash, Kind
from services.classifier.hashes.exchange.keys import new_key, read_private
from services.classifier.hashes.exchange.signed import header_of, write_signed
from tests.support.commands import Haetae

HASH, OTHER = "0f" * 32, "f0" * 32
LIST = f"bank,entry,category,algorithm,hash\nown,k,stand-in,pdq,{HASH}\nown,l,stand-in,sha256,{OTHER}\n"


@pytest.fixture
def listed(haetae: Haetae, tmp_path: Path) -> Path:
    file = tmp_path / "list.csv"
    file.write_text(LIST)
    status, said = haetae("hashes", "import", file, "--by", "kim", "--why", "first", "--threshold", "45")
    assert (status, "2 hashes imported" in said, "2 of them new" in said) == (0, True, True)
    return file


def test_a_bank_is_made_changed_switched_and_its_history_kept(haetae: Haetae, listed: Path) -> None:
    assert haetae("banks", "add", "posters", "--kind", "harmless", "--by", "kim")[0] == 0
    assert "is there already; `haetae banks set` changes it" in haetae("banks", "add", "posters", "--by", "kim")[1]
    status, said = haetae(
        "banks", "set", "own", "--threshold", 60, "--until", "2027-01-31", "--why", "w", "--by", "lee"
    )
    assert (status, "1 hashes follow" in said) == (0, True)
    assert haetae("banks", "disable", "own", "--why", "court order", "--by", "lee")[0] == 0
    assert "disabled already" in haetae("banks", "disable", "own", "--why", "again", "--by", "lee")[1]
    _, banks = haetae("banks", "list")
    assert "own known agency 2 0 60 disabled" in banks
    assert "posters harmless agency 0 0 31 yes" in banks
    _, history = haetae("banks", "history", "own")
    assert (
        history.index("lee disabled court order") < history.index("lee changed w") < history.index("kim listed first")
    )
    assert haetae("banks", "enable", "own", "--why", "lifted", "--by", "lee")[0] == 0
    assert "until 2027-01-31" in haetae("banks", "list")[1]


def test_a_hash_is_found_and_switched_off_and_on(haetae: Haetae, listed: Path) -> None:
    assert "own k pdq original 45 stand-in" in haetae("hashes", "find", HASH)[1]
    assert haetae("hashes", "find", "ab" * 32) == (1, "it is listed nowhere")
    status, said = haetae("hashes", "disable", "own", "--hash", HASH, "--why", "a mistake", "--by", "kim")
    assert (status, said) == (0, "1 hashes disabled")
    assert ": a mistake" in haetae("hashes", "find", HASH)[1]
    assert "0 of them new" in haetae("hashes", "import", listed, "--by", "kim")[1]
    assert ": a mistake" in haetae("hashes", "find", HASH)[1]
    assert haetae("hashes", "enable", "own", "--entry", "k", "--why", "checked", "--by", "kim")[1] == "1 hashes enabled"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_is_exported_can_be_imported(haetae: Haetae, listed: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"out.{form}"
    status, said = haetae("hashes", "export", "own", out, "--format", form)
    assert (status, "2 hashes of bank 'own' written" in said) == (0, True)
    assert "2 hashes imported" in haetae("hashes", "import", out, "--by", "kim")[1]
    if form == "csv":
        assert [row["hash"] for row in csv.DictReader(out.open())] == [HASH, OTHER]


def test_harmless_hashes_never_go_among_known_ones(haetae: Haetae, listed: Path) -> None:
    status, said = haetae("hashes", "import", listed, "--kind", "harmless", "--by", "kim")
    assert (status, "bank 'own' is known, these hashes are harmless; give them another bank" in said) == (1, True)


def test_a_file_that_is_wrong_all_through_is_counted(
    haetae: Haetae, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haetae.hash_imports.MOST_PROBLEMS", 2)
    file = tmp_path / "list.csv"
    file.write_text(LIST.replace("pdq", "pdq256").replace("sha256", "sha") + "own,m,c,md4,00\n")
    status, said = haetae("hashes", "import", file, "--by", "kim")
    assert (status, "0 of them new, 3 problems" in said, said.count("give one of")) == (1, True, 2)


def test_names_are_shown_as_they_are(haetae: Haetae, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(LIST.replace("own,k", "own [b],[/k]"))
    assert haetae("hashes", "import", file, "--by", "kim", "--why", "[/w]")[0] == 0
    for asked in (("hashes", "find", HASH), ("banks", "list"), ("banks", "history", "own [b]")):
        status, said = haetae(*asked)
        assert (status, "own [b]" in said or "[/w]" in said) == (0, True)


def test_a_signed_list_goes_from_one_agency_to_another(haetae: Haetae, listed: Path, tmp_path: Path) -> None:
    key, trusted, out = tmp_path / "key.pem", tmp_path / "trusted.toml", tmp_path / "list.jsonl"
    trusted.write_text(
        CliRunner().invoke(app, ["hashes", "keygen", str(key)]).output.replace("the name of your agency", "A")
    )
    signing = ("hashes", "export", "own", out, "--format", "signed", "--agency", "A", "--key", key)
    status, said = haetae(*signing)
    assert (status, "not to be given to others; `haetae banks set NAME --shared`" in said) == (1, True)
    assert not out.exists()
    haetae("banks", "set", "own", "--shared", "--why", "agreed", "--by", "kim")
    assert haetae(*signing)[0] == 0
    assert "give --trusted FILE" in haetae("hashes", "import", out, "--by", "kim")[1]
    assert haetae("hashes", "import", out, "--trusted", trusted, "--by", "kim")[0] == 0
    assert "A: own known exchange A 2 0" in haetae("banks", "list")[1]
    out.write_text(out.read_text().replace('"k"', '"x"'))
    assert "the file was changed" in haetae("hashes", "import", out, "--trusted", trusted, "--by", "kim")[1]


SIGNED_AT = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


class Partner:
    """Another agency, whose key is trusted here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.trusted = folder / "trusted.toml"
        self.trusted.write_text(new_key(folder / "partner.pem").replace("the name of your agency", "A"))

    def signs(self, digits: str, kind: Kind = Kind.KNOWN, at: datetime = SIGNED_AT) -> Path:
        key, file = read_private(self._folder / "partner.pem"), self._folder / f"{at:%d%H%M}.jsonl"
        one = BankHash(entry="k", category="stand-in", algorithm=Algorithm.PDQ, hash=digits)
        with file.open("wb") as out:
            write_signed(out, header_of("A", "theirs", kind, "stand-in", at, key), [one], key)
        return file


@pytest.fixture
def partner(tmp_path: Path) -> Partner:
    return Partner(tmp_path)


def test_what_another_agency_calls_harmless_hides_nothing_until_it_is_switched_on(
    haetae: Haetae, partner: Partner
) -> None:
    file = partner.signs(HASH, Kind.HARMLESS)
    status, said = haetae("hashes", "import", file, "--trusted", partner.trusted, "--by", "kim")
    assert (status, "1 hashes imported" in said) == (0, True)
    assert "bank 'A: theirs' is switched off, nothing is matched with it" in said
    assert "haetae banks enable 'A: theirs' --why" in said
    assert "A: theirs harmless exchange A 1 0 31 disabled" in haetae("banks", "list")[1]
    assert haetae("banks", "enable", "A: theirs", "--why", "looked at", "--by", "kim")[0] == 0
    again = haetae("hashes", "import", file, "--trusted", partner.trusted, "--by", "kim")
    assert (again[0], "switched off" in again[1]) == (0, False)
    assert "A: theirs harmless exchange A 1 0 31 yes" in haetae("banks", "list")[1]


def test_a_list_of_an_exchange_given_as_harmless_hides_nothing_either(haetae: Haetae, tmp_path: Path) -> None:
    file = _stopncii(tmp_path, HASH)
    said = haetae("hashes", "import", file, "--bank", "others", "--kind", "harmless", "--by", "kim")[1]
    assert "haetae banks enable others --why" in said
    assert "others harmless exchange 1 0 31 disabled" in haetae("banks", "list")[1]


@pytest.mark.parametrize("kind", ["known", "harmless"])
def test_what_others_vouch_for_goes_into_no_own_bank_without_a_word(haetae: Haetae, tmp_path: Path, kind: str) -> None:
    haetae("banks", "add", "mine", "--kind", kind, "--by", "kim")
    file = _stopncii(tmp_path, HASH)
    given = ("hashes", "import", file, "--bank", "mine", "--kind", kind, "--by", "kim")
    status, said = haetae(*given)
    assert (status, "bank 'mine' is of source agency" in said, "--trust" in said) == (1, True, True)
    assert haetae("hashes", "find", HASH)[0] == 1
    assert haetae(*given, "--trust")[0] == 0
    assert "mine" in haetae("hashes", "find", HASH)[1]


def test_a_signed_list_that_is_older_than_one_that_was_taken_is_refused(haetae: Haetae, partner: Partner) -> None:
    old, new = partner.signs(HASH), partner.signs(OTHER, at=SIGNED_AT + timedelta(hours=1))
    taking = ("--trusted", partner.trusted, "--by", "kim")
    assert haetae("hashes", "import", new, *taking)[0] == 0
    assert haetae("hashes", "import", new, *taking)[0] == 0, "the same one completes what was interrupted"
    status, said = haetae("hashes", "import", old, *taking)
    assert status == 1
    for told in ("made 2026-11-01 09:30:00 UTC", "made 2026-11-01 10:30:00 UTC", "'A'", "--older"):
        assert told in said
    assert haetae("hashes", "find", HASH)[0] == 1
    assert haetae("hashes", "import", old, *taking, "--older")[0] == 0
    assert haetae("hashes", "find", HASH)[0] == 0
    assert haetae("hashes", "import", old, *taking)[0] == 1, "the newest one counts, not the last"


def test_what_an_exchange_took_back_is_switched_off(haetae: Haetae, tmp_path: Path) -> None:
    def give(*hashes: str, status: str) -> str:
        file = _stopncii(tmp_path, *hashes, status=status)
        return haetae("hashes", "import", file, "--bank", "stopncii", "--by", "kim")[1]

    assert "2 of them new" in give(HASH, OTHER, status="Active")
    assert "1 withdrawn" in give(HASH, status="Withdrawn")
    assert "stopncii known exchange 2 1" in haetae("banks", "list")[1]


def _stopncii(folder: Path, *hashes: str, status: str = "Active") -> Path:
    file = folder / "stopncii.json"
    records = [{"signalType": "ImagePDQ", "hashValue": one, "hashStatus": status} for one in hashes]
    file.write_text(json.dumps({"hashRecords": records}))
    return file


WRONG = (
    (("banks", "disable", "nothing", "--why", "w"), "'nothing': there is none; `haetae banks list`"),
    (("banks", "set", "own", "--why", "w"), "say what shall change"),
    (("banks", "set", "own", "--from", "2026-02-01", "--until", "2026-01-01", "--why", "w"), "give a later day"),
    (("banks", "add", "x\ny", "--why", "w"), "give text without control characters"),
    (("hashes", "disable", "own", "--why", "w"), "name what is meant"),
    (("hashes", "disable", "own", "--entry", "nobody", "--why", "w"), "no such hash; `haetae hashes find HASH`"),
    (("hashes", "find", "xyz"), "'xyz': give hexadecimal digits"),
    (("hashes", "export", "own", "out", "--format", "xml"), "format 'xml': give one of csv, jsonl"),
)


@pytest.mark.usefixtures("listed")
def test_what_is_wrong_is_named_with_the_cure(haetae: Haetae) -> None:
    for arguments, said in WRONG:
        status, output = haetae(*arguments)
        assert status != 0
        assert said in output.replace("│ ", "")
        assert "Traceback" not in output
