"""Evidence is checked where it lies: what was lost or changed in the store is named. Custody has one form."""

import pytest

from haetae_verify.canonical import digest
from haetae_verify.manifest import NAME
from services.evidence.custody.checking import check_vault
from services.evidence.custody.lines import plain
from services.evidence.seal.manifest import FULL, manifest
from shared.objects.folder import FolderStore
from shared.objects.vault import Vault
from tests.support.captures import captured, flagged

EVENT = flagged("http://harbour-board.en.test/post/41")
CAPTURED = captured()
FILES = {file.name: file.data for file in CAPTURED.files} | {NAME: manifest(EVENT, CAPTURED, FULL, "Haetae test")}
SEALED_AS = digest(FILES["manifest.json"])


@pytest.fixture
async def vault(tmp_path):
    made = Vault(FolderStore(tmp_path / "evidence"), FolderStore(tmp_path / "keys"), bytes(32))
    for data in FILES.values():
        await made.put(EVENT.case_id, data)
    return made


@pytest.fixture
def stored(tmp_path, vault):
    return lambda name: tmp_path / "evidence" / "cases" / str(EVENT.case_id) / digest(FILES[name])


async def test_untouched_evidence_agrees(vault):
    assert await check_vault(vault, EVENT.case_id, SEALED_AS) == []


async def test_a_lost_object_is_named(vault, stored):
    stored("text.txt").unlink()
    assert await check_vault(vault, EVENT.case_id, SEALED_AS) == ["text.txt is missing"]


@pytest.mark.parametrize("name", FILES)
async def test_a_changed_object_is_named(vault, stored, name):
    data = bytearray(stored(name).read_bytes())
    data[-20] ^= 1
    stored(name).write_bytes(data)
    (found,) = await check_vault(vault, EVENT.case_id, SEALED_AS)
    assert found.startswith(name)


async def test_destroyed_evidence_says_so(vault):
    await vault.destroy(EVENT.case_id)
    (found,) = await check_vault(vault, EVENT.case_id, SEALED_AS)
    assert "destroyed" in found


async def test_another_object_is_no_manifest(vault):
    (found,) = await check_vault(vault, EVENT.case_id, digest(FILES["text.txt"]))
    assert "not JSON" in found


@pytest.mark.parametrize("value", [0.5, 2**60, "a\0b", "\ud800", {"ä": 1}, {1, 2}, b"x"])
def test_details_of_custody_without_one_form_are_refused(value):
    with pytest.raises(ValueError, match=r"details|surrogate"):
        plain({"given": [value]})


def test_details_of_custody_stay_what_they_are():
    assert plain({"a": (1, None, True, "안녕"), "b": {"c": []}}) == {"a": [1, None, True, "안녕"], "b": {"c": []}}
