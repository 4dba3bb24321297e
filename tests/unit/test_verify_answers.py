"""The command: a container, a folder, a certificate; its answers, their language, and its exit status."""

import json
import shutil
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from haetae_verify import container
from haetae_verify.__main__ import main
from haetae_verify.canonical import digest, moment
from haetae_verify.sentences import SENTENCES
from haetae_verify.signed import sign
from haetae_verify.stamps import SEAL, Stamp, weak
from haetae_verify.words import WORDS
from haetae_verify.wrong import Wrong
from tests.support.bundles import AT, CASE, TEXT, agency, bundle, listed, parts

AGENCY = agency()
WHOLE = bundle(AGENCY)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / f"{CASE}.haetae.zip"
    path.write_bytes(WHOLE)
    return path


@pytest.fixture
def folder(tmp_path):
    unpacked = tmp_path / "unpacked"
    (unpacked / "evidence").mkdir(parents=True)
    for name, data in container.read(WHOLE).items():
        (unpacked / name).write_bytes(data)
    return unpacked


@pytest.fixture
def say(capsys):
    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        return status, capsys.readouterr().out

    return run


def test_every_sentence_and_word_is_there_in_both_languages():
    for table in (SENTENCES, WORDS):
        for key, said in table.items():
            assert set(said) == {"en", "ko"}, key
            assert fields(said["en"]) == fields(said["ko"]), key


def fields(text):
    return {part.split("}")[0] for part in text.split("{")[1:]}


def test_what_is_proved_and_what_is_not_is_told(file, say):
    status, told = say(file)
    assert status == 0
    assert told.startswith("Nothing in this bundle was changed since it was signed. Whose")
    assert "sealed at 2026-" in told  # the first stamp is an hour later
    for part in (CASE, AGENCY.public_key, "local-a", "rdap: no answer", "4 lines, unbroken", "Compare", "--authority"):
        assert part in told
    assert "://" not in told
    assert TEXT not in told


def test_korean(file, say):
    status, told = say(file, "--lang", "ko")
    assert status == 0
    assert "바뀐 것이 없습니다" in told
    assert "반출 1" in told


def test_with_the_agency_s_key_and_roots_less_is_left_open(file, say, tmp_path):
    key, roots = tmp_path / "keys.txt", tmp_path / "roots.pem"
    key.write_text(f"the agency's key since 2026: {AGENCY.public_key.upper()}\n")
    roots.write_bytes(AGENCY.roots())
    status, told = say(file, "--key", key, "--authority", roots)
    assert status == 0
    assert told.startswith("Everything in this bundle is as it was sealed.")
    assert "Compare" not in told
    assert "--authority" not in told


def test_a_key_may_be_given_in_each_form(file, say, tmp_path):
    pem = tmp_path / "key.pem"
    pem.write_bytes(AGENCY.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert say(file, "--key", AGENCY.public_key)[0] == 0
    assert say(file, "--key", agency().public_key, "--key", pem)[0] == 0
    assert say(file, "--key", agency().public_key)[0] == 1
    for wrong in ("beef", tmp_path / "missing.txt", file):
        status, told = say(file, "--key", wrong)
        assert (status, "no public key" in told) == (2, True)


def test_roots_that_cannot_be_read_are_named(file, say, tmp_path):
    assert say(file, "--authority", tmp_path / "missing.pem")[0] == 2
    other = tmp_path / "other.pem"
    other.write_text("-")
    status, told = say(file, "--authority", other)
    assert (status, "no certificates" in told) == (2, True)


def test_a_change_is_told_in_one_sentence(file, say):
    file.write_bytes(WHOLE.replace(b"stand-in", b"stand_in"))
    assert say(file) == (1, "report.pdf was changed: its checksum is not the one that it was packed with.\n")
    assert say(file, "--lang", "ko")[1].startswith("report.pdf: 내용이 바뀌었습니다.")


def test_the_answer_for_programs(file, say):
    answer = json.loads(say(file, "--json")[1])
    assert (answer["right"], answer["kind"]) == (True, "bundle")
    assert answer["proved"]["sealed_at"] == moment(AT + timedelta(seconds=2))
    file.write_bytes(WHOLE[:-1])
    status, told = say(file, "--json")
    assert (status, json.loads(told)["part"], json.loads(told)["kind"]) == (1, "container", "end")


def test_what_is_no_bundle_has_a_status_of_its_own(say, tmp_path):
    other = tmp_path / "letter.txt"
    other.write_text("Dear agency,")
    for path in (other, tmp_path / "missing", tmp_path):
        assert say(path)[0] == 2


def test_an_unpacked_bundle_is_checked_too(folder, say):
    status, told = say(folder)
    assert status == 0
    assert f"{CASE}.haetae.zip" in told


@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        (lambda folder: (folder / "evidence/text.txt").write_text("Other."), "evidence/text.txt"),
        (lambda folder: (folder / "evidence/text.txt").unlink(), "evidence/text.txt"),
        (lambda folder: (folder / "evidence/more.txt").write_text(""), "evidence/more.txt"),
        (lambda folder: (folder / ".DS_Store").write_text(""), ".DS_Store"),
        (lambda folder: (folder / "more").mkdir(), "more"),
        (lambda folder: (folder / "evidence/link").symlink_to("/etc/hostname"), "evidence/link"),
        (lambda folder: shutil.rmtree(folder / "evidence"), "evidence/page.wacz"),
        (lambda folder: (folder / "bundle.json").write_text("{}"), "bundle.json"),
    ],
)
def test_what_differs_in_a_folder_is_named(folder, say, spoil, part):
    spoil(folder)
    status, told = say(folder)
    assert (status, part in told) == (1, True)


def test_links_in_a_folder_are_not_followed(folder, say):
    text = folder / "evidence" / "text.txt"
    text.rename(folder.parent / "elsewhere.txt")
    text.symlink_to(folder.parent / "elsewhere.txt")
    assert say(folder) == (1, "evidence/text.txt is a link or a folder, where a bundle holds files only.\n")


def destruction(**more):
    about = {
        "format": "haetae-destruction/1",
        "case_id": CASE,
        "manifest_sha256s": [digest(b"manifest")],
        "objects": [{"name": "text.txt", "sha256": digest(b"text"), "bytes": 4}, {"name": "", "sha256": "0" * 64}],
        "ordered_by": "reviewer-7",
        "why": "the victim's wish",
        "basis": "the law",
        "ordered_at": moment(AT),
        "destroyed_at": moment(AT + timedelta(seconds=1)),
        "custody_head": "0" * 64,
        "method": "crypto-shredding",
    }
    return sign({**about, **more}, AGENCY.key)


def test_a_certificate_of_destruction_is_checked(say, tmp_path):
    path = tmp_path / "certificate.json"
    path.write_bytes(destruction())
    status, told = say(path, "--key", AGENCY.public_key)
    assert status == 0
    for part in (CASE, "2 objects", "reviewer-7", "crypto-shredding", "copies"):
        assert part in told
    assert json.loads(say(path, "--json")[1])["kind"] == "certificate"
    assert say(path, "--key", agency().public_key)[0] == 1
    path.write_bytes(destruction().replace(b"wish", b"wisp"))
    assert say(path)[0] == 1
    path.write_bytes(destruction(destroyed_at=moment(AT - timedelta(days=1))))
    assert say(path)[1].endswith("before anybody ordered it.\n")


def test_a_stamp_that_ended_is_not_called_proof(file, say, monkeypatch):
    """The stand-in authorities' certificates are good for five years."""
    assert "its certificate ended" not in say(file)[1]
    late = type("Clock", (), {"now": staticmethod(lambda zone: AT + timedelta(days=3_000))})
    monkeypatch.setattr("haetae_verify.__main__.datetime", late)
    told = say(file)[1]
    assert told.count("its certificate ended") == 2


def test_a_renewal_holds_what_it_renewed_in_time():
    def stamped(number, covers, day, until):
        file = f"stamp-{number}.tsr"
        return Stamp(number, "a", covers, file, AT + timedelta(day), "signer", AT + timedelta(until))

    first, in_time, late = stamped(1, SEAL, 0, 10), stamped(2, "stamp-1.tsr", 9, 99), stamped(2, "stamp-1.tsr", 11, 99)
    for stamps, day, fallen in (
        ([first], 9, []),
        ([first], 20, [first]),
        ([first, in_time], 20, []),
        ([first, in_time], 200, [first]),
        ([first, in_time, stamped(3, "stamp-2.tsr", 98, 300)], 200, []),
        ([first, late], 20, [first]),
    ):
        assert weak(stamps, AT + timedelta(day)) == fallen


def ots(data):
    timestamp = pytest.importorskip("opentimestamps.core.timestamp")
    from opentimestamps.core.notary import PendingAttestation
    from opentimestamps.core.op import OpSHA256
    from opentimestamps.core.serialize import BytesSerializationContext

    proof = timestamp.DetachedTimestampFile(OpSHA256(), timestamp.Timestamp(OpSHA256()(data)))
    proof.timestamp.attestations.add(PendingAttestation("https://calendar.test"))
    out = BytesSerializationContext()
    proof.serialize(out)
    return out.getbytes()


def test_an_opentimestamps_proof_is_read_where_its_library_is(file, say, monkeypatch):
    made = parts(AGENCY)
    seal = made["seal.json"]
    for data, status, part in ((ots(seal), 0, "calendars"), (ots(b"other"), 1, "another file"), (b"junk", 1, "proof")):
        file.write_bytes(container.write(listed({**made, "seal.json.ots": data}, AGENCY.key)))
        told = say(file)
        assert (told[0], part in told[1]) == (status, True), told
    monkeypatch.setitem(__import__("sys").modules, "opentimestamps.core.timestamp", None)
    assert "needs the Python package opentimestamps" in say(file)[1]


def test_hostile_words_reach_no_terminal(say, file):
    evil = "\x1b]0;x\x07 \u202e evil \u3164\u2800\u0301 שלום" + " " * 99 + "Sealed"
    files = listed(parts(AGENCY), AGENCY.key, why=evil, basis="b" * 5_000)
    file.write_bytes(container.write(files))
    told = say(file)[1]
    assert all(line.isprintable() for line in told.splitlines())
    assert "evil \ufffd\ufffd\ufffd \ufffd\ufffd\ufffd\ufffd Sealed" in told
    assert "b" * 2_001 not in told
    assert Wrong("x\n\x1b[2J", "missing").say("ko").isprintable()
