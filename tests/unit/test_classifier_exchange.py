"""Lists of others, read and written: what cannot be compared is named, what was changed is refused."""

from __future__ import annotations

import io
import json
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.hashes.entries import Algorithm, BankHash, Kind
from services.classifier.hashes.exchange.formats import detect, reader
from services.classifier.hashes.exchange.keys import key_id, new_key, read_private, read_trusted
from services.classifier.hashes.exchange.ncmec import ncmec_xml, read_ncmec
from services.classifier.hashes.exchange.records import Withdrawal
from services.classifier.hashes.exchange.signals import read_signals, signal_lines
from services.classifier.hashes.exchange.signed import header_of, read_signed, write_signed
from services.classifier.hashes.exchange.stopncii import read_stopncii, stopncii_json
from services.classifier.hashes.hash_files import Listing, Problem

PDQ, MD5, SHA1, SHA256 = "a5" * 32, "0f" * 16, "1e" * 20, "2d" * 32
HASHES = [
    BankHash(entry="k03", category="stand-in", algorithm=Algorithm.PDQ, hash=PDQ),
    BankHash(entry="k03", category="stand-in", algorithm=Algorithm.SHA256, hash=SHA256),
    BankHash(entry="k04", category="stand-in", algorithm=Algorithm.MD5, hash=MD5),
]
with_library = pytest.mark.skipif(find_spec("threatexchange") is None, reason="the library comes with `make bench`")

NCMEC = f"""<?xml version="1.0" encoding="UTF-8"?>
<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">
  <images count="2" maxTimestamp="2026-10-01T00:00:00Z">
    <image><member id="42">Example</member><timestamp>2026-10-01T00:00:00Z</timestamp><id>e1</id>
      <classification>A1</classification>
      <fingerprints><md5>{MD5.upper()}</md5><sha1>{SHA1}</sha1><pdq>{PDQ}</pdq><pdna>AAAA</pdna></fingerprints></image>
    <deletedImage><member id="42">Example</member><id>e2</id></deletedImage>
    <image><member id="42">Example</member><id>e3</id><fingerprints><pdq>12</pdq></fingerprints></image>
  </images>
  <videos count="1" maxTimestamp="2026-10-01T00:00:00Z">
    <video><member id="43">Other</member><id>v1</id><classification>A1</classification>
      <fingerprints><md5>{MD5}</md5><tmk_pdqf>zz</tmk_pdqf></fingerprints></video>
  </videos>
</queryResult>"""

STOPNCII = {
    "count": 3,
    "nextPageToken": None,
    "nextSetTimestamp": 1,
    "hasMoreRecords": False,
    "hashRecords": [
        {"lastModtimestamp": 1, "signalType": "ImagePDQ", "hashValue": PDQ, "hashStatus": "Active", "caseNumbers": {}},
        {
            "lastModtimestamp": 1,
            "signalType": "VideoMD5",
            "hashValue": MD5,
            "hashStatus": "Withdrawn",
            "caseNumbers": {},
        },
        {"lastModtimestamp": 1, "signalType": "VideoTMK", "hashValue": "x", "hashStatus": "Active", "caseNumbers": {}},
    ],
}


def kept(file: Path, text: str | bytes) -> Path:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_ncmec(tmp_path: Path) -> None:
    records = list(read_ncmec(kept(tmp_path / "entries.xml", NCMEC), "ncmec"))
    listings = [one for one in records if isinstance(one, Listing)]
    assert [(one.entry.entry, one.entry.algorithm, one.entry.hash) for one in listings] == [
        ("ncmec 42/e1", Algorithm.MD5, MD5),
        ("ncmec 42/e1", Algorithm.SHA1, SHA1),
        ("ncmec 42/e1", Algorithm.PDQ, PDQ),
        ("ncmec 43/v1", Algorithm.MD5, MD5),
    ]
    assert {one.entry.category for one in listings} == {"A1"}
    assert [one for one in records if isinstance(one, Withdrawal)] == [
        Withdrawal("ncmec", "ncmec 42/e2", "deleted at NCMEC")
    ]
    said = " ".join(one.sentence for one in records if isinstance(one, Problem))
    assert all(words in said for words in ("'12' is no pdq", "kind pdna left out", "kind tmk_pdqf left out"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<queryResult/>",
        "<queryResult><images><image>",
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><queryResult>&b;</queryResult>',
    ],
    ids=["empty", "no entry", "cut off", "entities"],
)
def test_what_is_no_list_of_ncmec_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"entries\.xml: "):
        list(read_ncmec(kept(tmp_path / "entries.xml", text), "ncmec"))


@pytest.mark.parametrize("indent", [None, 2])
def test_stopncii(tmp_path: Path, indent: int | None) -> None:
    records = list(read_stopncii(kept(tmp_path / "hashes.json", json.dumps(STOPNCII, indent=indent)), "stopncii"))
    listing, withdrawal, problem = records
    assert isinstance(listing, Listing)
    assert (listing.entry.algorithm, listing.entry.hash) == (Algorithm.PDQ, PDQ)
    assert withdrawal == Withdrawal("stopncii", f"stopncii {MD5[:16]}", "withdrawn at stopncii")
    assert isinstance(problem, Problem)
    assert "'VideoTMK' left out" in problem.sentence


def test_what_is_no_hash_is_not_taken_back_either(tmp_path: Path) -> None:
    record = {"signalType": "ImagePDQ", "hashValue": "\0", "hashStatus": "Withdrawn"}
    strange = {"signalType": "\x1b[31m", "hashValue": PDQ}
    file = kept(tmp_path / "hashes.json", json.dumps({"hashRecords": [record, strange]}))
    problems = list(read_stopncii(file, "stopncii"))
    assert [type(one) for one in problems] == [Problem, Problem]
    assert all(str(one).isprintable() for one in problems)
    line = f"pdq,{PDQ},a\tcollab,,"
    (problem,) = read_signals(kept(tmp_path / "signals.csv", line), "te")
    assert "entry: give text without control characters" in str(problem)


def test_stopncii_with_an_answer_a_line(tmp_path: Path) -> None:
    file = kept(tmp_path / "hashes.json", "\n".join([json.dumps(STOPNCII)] * 3))
    assert sum(isinstance(one, Listing) for one in read_stopncii(file, "stopncii")) == 3


@given(st.binary(max_size=200))
def test_any_bytes_end_in_records_or_a_value_error(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = kept(Path(folder) / "list", data)
        for read in (read_ncmec, read_stopncii, read_signals):
            with suppress(ValueError):
                list(read(file, "bank"))


def test_signals(tmp_path: Path) -> None:
    lines = [f"pdq {PDQ}", f"video_md5 {MD5}", "pdq 12", "raw_text words that are no hash", "lonely"]
    records = list(read_signals(kept(tmp_path / "signals.txt", "\n".join(lines)), "te"))
    assert [(one.entry.algorithm, one.entry.hash) for one in records if isinstance(one, Listing)] == [
        (Algorithm.PDQ, PDQ),
        (Algorithm.MD5, MD5),
    ]
    said = " ".join(one.sentence for one in records if isinstance(one, Problem))
    assert all(words in said for words in ("'12' is no pdq", "'raw_text' left out", "give the kind of signal"))


def test_a_negative_opinion_takes_a_signal_back(tmp_path: Path) -> None:
    rows = [
        "signal_type,signal_str,collab,category,tags",
        f"pdq,{PDQ},Sample,POSITIVE_CLASS,a b",
        f"pdq,{PDQ},Sample,NEGATIVE_CLASS,",
    ]
    listing, withdrawal = read_signals(kept(tmp_path / "signals.csv", "\n".join(rows)), "te")
    assert isinstance(listing, Listing)
    assert isinstance(withdrawal, Withdrawal)
    assert withdrawal.entry == listing.entry.entry


@with_library
def test_the_library_reads_what_we_write(tmp_path: Path) -> None:
    from xml.etree import ElementTree

    from threatexchange.exchanges.clients.ncmec.hash_api import GetEntriesResponse, _XMLWrapper
    from threatexchange.exchanges.impl.file_api import FileCollaborationConfig, LocalFileSignalExchangeAPI

    file = kept(tmp_path / "signals.txt", "\n".join(signal_lines(HASHES)))
    config = FileCollaborationConfig(name="x", filename=str(file))
    (delta,) = LocalFileSignalExchangeAPI.for_collab(config).fetch_iter([], None)
    assert set(delta.updates) == {("pdq", PDQ), ("sha256", SHA256), ("video_md5", MD5)}

    text = ncmec_xml({"k03": HASHES[:2], "k04": HASHES[2:]}, "42").decode().replace(' xmlns="', ' ignored="')
    text = text.replace("<images ", '<images maxTimestamp="2026-10-01T00:00:00Z" ')
    answer = GetEntriesResponse.from_xml(_XMLWrapper(ElementTree.fromstring(text.encode())), 0)
    assert [(one.id, one.fingerprints) for one in answer.updates] == [("k03", {"pdq": PDQ}), ("k04", {"md5": MD5})]


@with_library
def test_we_read_what_the_library_reads(tmp_path: Path) -> None:
    from threatexchange.signal_type.md5 import VideoMD5Signal
    from threatexchange.signal_type.pdq.signal import PdqSignal

    examples = [("pdq", one) for one in PdqSignal.get_examples()]
    examples += [("video_md5", one) for one in VideoMD5Signal.get_examples()]
    file = kept(tmp_path / "signals.txt", "\n".join(f"{kind} {signal}" for kind, signal in examples))
    records = list(read_signals(file, "te"))
    assert [one.entry.hash for one in records if isinstance(one, Listing)] == [signal for _, signal in examples]


def test_what_we_write_for_stopncii_is_what_it_takes() -> None:
    body = json.loads(stopncii_json(HASHES, 1_760_000_000))
    assert [(one["signalType"], one["hashValue"]) for one in body["hashRecords"]] == [
        ("ImagePDQ", PDQ),
        ("VideoMD5", MD5),
    ]
    assert body["count"] == 2


def test_ncmec_is_read_back(tmp_path: Path) -> None:
    file = kept(tmp_path / "ours.xml", ncmec_xml({"k03": HASHES[:2], "k04": HASHES[2:]}, "42"))
    assert [one.entry.hash for one in read_ncmec(file, "ours") if isinstance(one, Listing)] == [PDQ, MD5]


@pytest.fixture
def signed(tmp_path: Path) -> tuple[Path, Path]:
    """A signed list, and the file of trusted keys that knows its key."""
    trusted = tmp_path / "trusted.toml"
    trusted.write_text(new_key(tmp_path / "key.pem").replace("the name of your agency", "Harbour agency"))
    key = read_private(tmp_path / "key.pem")
    header = header_of("Harbour agency", "own", Kind.KNOWN, "stand-in", datetime(2026, 11, 22, tzinfo=UTC), key)
    out = io.BytesIO()
    assert write_signed(out, header, HASHES, key) == len(HASHES)
    return kept(tmp_path / "list.jsonl", out.getvalue()), trusted


def test_a_signed_list_comes_back_whole(signed: tuple[Path, Path]) -> None:
    file, trusted = signed
    records = list(read_signed(file, read_trusted(trusted)))
    assert records == [Listing("Harbour agency: own", value) for value in HASHES]
    kept(file, file.read_bytes().replace(b"\n", b"\r\n"))  # a mail program's doing
    assert list(read_signed(file, read_trusted(trusted))) == records


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_bit_of_a_signed_list_can_be_turned(place: float, bit: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, trusted = signed.__wrapped__(Path(folder))  # type: ignore[attr-defined]  # a fresh list an example
        data = bytearray(file.read_bytes())
        data[int(place * len(data))] ^= 1 << bit
        kept(file, bytes(data))
        if bytes(data).replace(b"\r", b"").split() == bytes(data).split() and data.count(b"\r"):
            return
        with pytest.raises(ValueError, match=r"list\.jsonl: "):
            list(read_signed(file, read_trusted(trusted)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: lines[:-1], "was cut off"),
        (lambda lines: [lines[0], *lines[2:]], "was changed"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "was changed"),
        (lambda lines: [*lines, lines[1]], "was cut off"),
        (lambda lines: [lines[0], b"", *lines[1:]], "was changed"),
        (lambda lines: [], "empty"),
        (lambda lines: [b"x" * 20_000], "longer than"),
    ],
    ids=["cut off", "left out", "reordered", "added", "blank", "empty", "long"],
)
def test_a_signed_list_that_was_changed_names_what_is_wrong(signed, change, words) -> None:
    file, trusted = signed
    kept(file, b"\n".join(change(file.read_bytes().splitlines())))
    with pytest.raises(ValueError, match=words):
        next(read_signed(file, read_trusted(trusted)), None)


def test_a_key_that_nobody_trusts_proves_nothing(signed: tuple[Path, Path], tmp_path: Path) -> None:
    file, trusted = signed
    with pytest.raises(ValueError, match="is not trusted here"):
        next(read_signed(file, {}))
    other = tmp_path / "other.toml"
    other.write_text(trusted.read_text().replace("Harbour agency", "Somebody"))
    with pytest.raises(ValueError, match="is of 'Somebody'"):
        next(read_signed(file, read_trusted(other)))


def test_keys(tmp_path: Path) -> None:
    line = new_key(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        new_key(tmp_path / "key.pem")
    assert key_id(read_private(tmp_path / "key.pem").public_key()) in line
    with pytest.raises(ValueError, match="no readable private key"):
        read_private(kept(tmp_path / "bad.pem", "x"))
    for text in ("[[agency]]\nname = 1", '[[agency]]\nname = "A"\nkey = "AAAA"', "agency = 3", "= ="):
        with pytest.raises(ValueError, match=r"trusted\.toml: "):
            read_trusted(kept(tmp_path / "trusted.toml", text))


def test_a_list_is_told_by_how_it_begins(signed: tuple[Path, Path], tmp_path: Path) -> None:
    assert detect(signed[0]) == "signed"
    for text, format in (
        (NCMEC, "ncmec"),
        (json.dumps(STOPNCII), "stopncii"),
        (json.dumps(STOPNCII, indent=1), "stopncii"),
        (f"pdq {PDQ}", "threatexchange"),
        ("bank,entry,category,algorithm,hash\n", "csv"),
        ('{"bank":"own"}\n', "jsonl"),
    ):
        assert detect(kept(tmp_path / "list", text)) == format
    with pytest.raises(ValueError, match="give --format"):
        detect(kept(tmp_path / "list", "x"))
    with pytest.raises(ValueError, match="--trusted"):
        reader("signed", None)
