"""The container: any tool opens it, and only one form of it is taken."""

import io
import shutil
import subprocess
import zipfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from haetae_verify import container
from haetae_verify.container import Writer, entries, ordered, read, write
from haetae_verify.wrong import Unreadable, Wrong

FILES = {
    "README.txt": b"Read me.",
    "bundle.json": b"{}",
    "custody.json": b"",
    "evidence/text.txt": "등대 소포는 일곱 번째 문에서 기다린다.".encode(),
    "manifest.json": bytes(range(256)),
}
WHOLE = write(FILES)
NAMES = st.from_regex(container.NAME, fullmatch=True)


def refused(data):
    with pytest.raises(Wrong) as found:
        entries(io.BytesIO(data))
    return found.value.part, found.value.kind


def test_ordinary_tools_open_it(tmp_path):
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == FILES
    if unzip := shutil.which("unzip"):
        (tmp_path / "case.haetae.zip").write_bytes(WHOLE)
        subprocess.run([unzip, "-q", "case.haetae.zip"], cwd=tmp_path, check=True)
        assert {name: (tmp_path / name).read_bytes() for name in FILES} == FILES


@given(st.dictionaries(NAMES, st.binary(max_size=64), max_size=5).map(lambda more: {**more, **FILES}))
@settings(max_examples=30)
def test_what_was_written_is_read_whatever_order_it_came_in(files):
    if len({name.lower() for name in files}) == len(files):
        assert read(write(files)) == files
        assert write(dict(reversed(files.items()))) == write(files)


def test_every_changed_byte_is_found():
    for at in range(len(WHOLE)):
        for change in (0x01, 0x20, 0x80):
            with pytest.raises(Wrong):
                entries(io.BytesIO(WHOLE[:at] + bytes([WHOLE[at] ^ change]) + WHOLE[at + 1 :]))


def test_every_cut_and_every_addition_is_found():
    for at in range(len(WHOLE)):
        assert refused(WHOLE[:at])
    assert refused(WHOLE + b"\0") == ("container", "end")
    assert refused(b"\0" + WHOLE) == ("container", "start")


@given(st.binary(max_size=200))
@example(b"PK\3\4")
@example(b"PK\5\6" + bytes(18))
@settings(max_examples=100)
def test_other_bytes_are_refused_by_name(data):
    assert refused(data)


def test_what_is_no_zip_is_said_to_be_none():
    with pytest.raises(Unreadable):
        entries(io.BytesIO(b"%PDF-1.7"))


@pytest.mark.parametrize(
    ("place", "part", "kind"),
    [
        (b"Read me.", "README.txt", "checksum"),
        (b"\x14\0\0\x08", "README.txt", "header"),
        (b"README.txt", "XEADME.txt", "order"),
        (b"evidence/", "Xvidence/text.txt", "name"),
        (b"PK\1\2", "manifest.json", "after"),
        (b"PK\5\6", "container", "end"),
    ],
)
def test_the_part_is_named(place, part, kind):
    at = WHOLE.index(place)
    assert refused(WHOLE[:at] + b"X" + WHOLE[at + 1 :]) == (part, kind)


def test_a_foreign_zip_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in FILES.items():
            made.writestr(name, data)
    assert refused(out.getvalue()) == ("README.txt", "header")


@pytest.mark.parametrize(
    "name", ["../up", "/root", "evidence/../x", "evidence/a/b", "a\\b", ".hidden", "", "é", "x" * 130]
)
def test_names_that_leave_the_folder_are_not_written(name):
    with pytest.raises(Wrong) as found:
        write({**FILES, name: b""})
    assert found.value.kind == "name"


def test_names_out_of_order_or_twice_are_not_written():
    writer = Writer(io.BytesIO())
    writer.add("README.txt", b"")
    for name in ("README.txt", "custody.json"):
        with pytest.raises(Wrong, match="must not come"):
            writer.add(name, b"")
    with pytest.raises(Wrong, match="twice"):
        write({**FILES, "Custody.json": b""})
    assert ordered(["b", "a", "bundle.json", "README.txt"]) == ["README.txt", "bundle.json", "a", "b"]


def test_names_that_differ_in_case_alone_are_not_read(monkeypatch):
    with monkeypatch.context() as lenient:
        lenient.setattr(container, "_check_case", lambda found: None)
        data = write({**FILES, "Custody.json": b""})
    assert refused(data) == ("custody.json", "capitals")


def test_a_size_that_is_not_there_costs_no_memory():
    head = bytearray(WHOLE)
    head[18:26] = b"\xff\xff\xff\x7f" * 2  # the sizes of the first entry
    assert refused(bytes(head)) == ("README.txt", "cut")


def test_too_many_and_too_large_are_said(monkeypatch):
    monkeypatch.setattr(container, "MOST_ENTRIES", 3)
    assert refused(WHOLE) == ("container", "many")
    monkeypatch.setattr(container, "MOST", 100)
    with pytest.raises(Wrong, match="4 GiB"):
        write(FILES)


def test_hostile_names_reach_no_terminal():
    told = Wrong("evidence/\x1b[2J\n" + "x" * 500, "checksum")
    for language in ("en", "ko"):
        assert told.say(language).isprintable()
        assert len(told.say(language)) < 260
