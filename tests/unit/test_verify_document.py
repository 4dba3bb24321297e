"""docs/bundle.md: the commands in it check a bundle without the verifier, and find what was changed."""

import pytest

from haetae_verify import bundle as bundles_code
from haetae_verify import certificate, custody, manifest, stamps
from haetae_verify.container import CENTRAL, END, LOCAL
from tests.support.bundles import CASE, agency, bundle
from tests.support.by_hand import BLOCKS, DOCUMENT, run

AGENCY = agency()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / f"{CASE}.haetae.zip").write_bytes(bundle(AGENCY))
    assert run(tmp_path, BLOCKS[0]).returncode == 0
    return tmp_path


def test_a_right_bundle_is_right_run(folder):
    told = run(folder, *BLOCKS[1:])
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count(AGENCY.public_key) == 2
    assert told.stdout.count("Signature Verified Successfully") == 2
    assert told.stdout.count("Time stamp: Jan  1") == 3
    assert "FAILED" not in told.stdout


@pytest.mark.parametrize(
    ("block", "name", "was", "now"),
    [
        (1, "evidence/text.txt", b"gate", b"date"),
        (1, "report.pdf", b"stand-in", b"stand_in"),
        (2, "bundle.json", b"police", b"police?"),
        (2, "seal.json", b"T00:00:02", b"T00:00:03"),
        (3, "manifest.json", b"harbour", b"harbor"),
        (4, "seal.json", b"T00:00:02", b"T00:00:03"),
        (4, "stamps.json", b"local-b", b"local-a"),
        (5, "custody.json", b"exported", b"exporteD"),
        (5, "bundle.json", b'"head":"', b'"head":"0'),
    ],
)
def test_what_was_changed_is_found_run(folder, block, name, was, now):
    data = (folder / name).read_bytes()
    assert was in data
    (folder / name).write_bytes(data.replace(was, now))
    assert run(folder, BLOCKS[block]).returncode != 0


def test_the_document_knows_each_file_and_format():
    for name in bundles_code.NEEDED:
        assert f"`{name}`" in DOCUMENT
    for part in (certificate, custody, manifest, stamps, bundles_code):
        assert f"`{part.FORMAT}`" in DOCUMENT
    assert f"`{bundles_code.SEAL_FORMAT}`" in DOCUMENT
    assert (LOCAL.size, CENTRAL.size, END.size) == (30, 46, 22)
