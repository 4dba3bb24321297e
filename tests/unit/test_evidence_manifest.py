"""A manifest has one form, and one changed byte anywhere is found and named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haetae_verify.canonical import canonical, digest
from haetae_verify.manifest import NAME, NotAManifest, check_folder, listed
from services.evidence.capture.files import bundle
from tests.support.captures import captured, flagged

URL = "http://harbour-board.en.test/post/41"
FILES = bundle(flagged(URL), captured(URL))
SEALED_AS = digest(FILES[-1].data)

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def folder(tmp_path):
    for file in FILES:
        (tmp_path / file.name).write_bytes(file.data)
    return tmp_path


@given(values)
def test_the_canonical_form_says_the_same_and_is_its_own(value):
    form = canonical(value)
    assert json.loads(form) == value
    assert canonical(json.loads(form)) == form


@given(st.dictionaries(texts, values, max_size=5))
def test_the_order_of_keys_makes_no_difference(value):
    assert canonical(value) == canonical(dict(reversed(value.items())))


def test_what_has_no_canonical_form_is_refused():
    for value in (float("nan"), float("inf"), "\ud800"):
        with pytest.raises(ValueError, match=r"JSON compliant|surrogates not allowed"):
            canonical({"a": value})


def test_the_manifest_lists_every_file_and_how_it_came_about():
    content = json.loads(FILES[-1].data)
    assert {item["name"] for item in content["objects"]} == {file.name for file in FILES[:-1]}
    assert {"page.warc.gz", "page.html", "text.txt", "screenshot.jpg", "screenshot-blurred.jpg"} <= {
        file.name for file in FILES
    }
    assert content["capture"]["address"] == "127.77.0.3"
    assert content["capture"]["started_at"] == "2026-11-22T09:00:01.000Z"
    assert content["refused"] == [{"url": "http://127.0.0.1/", "reason": "is loopback"}]
    had, missing = content["pictures"]
    assert (had["object"], had["as_found"]) == ("picture-1.jpg", True)
    assert (missing["object"], missing["note"]) == (None, "its address answers 404")


def test_untouched_evidence_agrees(folder):
    assert check_folder(folder, SEALED_AS) == []


@pytest.mark.parametrize("name", [file.name for file in FILES])
def test_one_flipped_bit_is_found_and_the_file_named(folder, name):
    path = folder / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert any(name in line for line in check_folder(folder, SEALED_AS))


def test_a_lost_and_an_added_file_are_named(folder):
    (folder / "text.txt").unlink()
    (folder / "later.txt").write_text("added afterwards")
    assert check_folder(folder, SEALED_AS) == ["text.txt is missing", "later.txt is not in manifest.json"]


def test_a_manifest_rewritten_to_fit_is_found_by_its_digest(folder):
    (folder / "text.txt").write_text("something else")
    content = json.loads((folder / NAME).read_bytes())
    for item in content["objects"]:
        if item["name"] == "text.txt":
            item.update(sha256=digest(b"something else"), bytes=14)
    (folder / NAME).write_bytes(canonical(content))
    assert check_folder(folder) == []
    (found,) = check_folder(folder, SEALED_AS)
    assert found.startswith("manifest.json differs")
    assert SEALED_AS in found


def test_a_manifest_cannot_lead_out_of_its_folder(folder):
    content = json.loads((folder / NAME).read_bytes())
    content["objects"][0]["name"] = "../outside"
    (folder / NAME).write_bytes(canonical(content))
    assert check_folder(folder)[0].startswith("manifest.json lists")


@given(st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_no_manifest(data):
    with pytest.raises(NotAManifest):
        listed(data)


def test_spaces_in_a_manifest_are_found():
    with pytest.raises(NotAManifest, match="canonical"):
        listed(json.dumps(json.loads(FILES[-1].data), indent=1).encode())
