"""The WACZ: taken by the reference validator, found again by its index, the same bytes each time."""

import gzip
import io
import json
import random
import zipfile
from argparse import Namespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wacz.main import validate_wacz

from haetae_verify.canonical import digest
from haetae_verify.wacz import check_wacz
from services.evidence.archive import wacz
from services.evidence.archive.index import surt
from services.evidence.archive.wacz import Contents, Page, Resource, pack
from shared.objects.vault import MAX_OBJECT_BYTES
from tests.support.archives import bodies, entry, lines, records
from tests.support.captures import AT, exchange
from tests.support.pages import picture

URL = "https://www.harbour-board.en.test/post/41?b=2&a=1"
TEXT = "The lantern \ud800 parcel waits at gate seven."
PAGE = Page(URL + "#end", "Harbour", TEXT, AT, "a-case")
SHOT = Resource("fullPage", picture(1280, 800), "image/jpeg")
WORDS = Resource("text", TEXT.encode(errors="replace"), "text/plain; charset=utf-8")
EXCHANGES = (
    exchange("https://www.harbour-board.en.test/old", b"", 302, location="/post/41"),
    exchange(URL, b"<p>The lantern parcel waits.</p>", content_type="text/html; charset=utf-8"),
    exchange("https://files.test:8443/a.jpg", picture(), content_type="image/jpeg"),
    exchange("https://files.test/again.jpg", picture(), content_type="image/jpeg"),
)


def packed(page=PAGE, exchanges=EXCHANGES, resources=(SHOT, WORDS), beside=()):
    return pack(page, Contents(exchanges, resources, beside), {"software": "Haetae test"}, AT)


@pytest.fixture(scope="module")
def made():
    return packed().data


def accepted(data, tmp_path):
    file = tmp_path / "page.wacz"
    file.write_bytes(data)
    return validate_wacz(Namespace(file=str(file), verify_auth=False, verifier_url=None)) == 0


def test_the_reference_validator_takes_it(made, tmp_path, capsys):
    assert accepted(made, tmp_path), capsys.readouterr()


def test_the_reference_validator_refuses_it_when_it_was_changed(made, tmp_path):
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data.replace(b"Harbour", b"Harvest") if name == "pages/pages.jsonl" else data)
    assert not accepted(changed.getvalue(), tmp_path)


def test_the_verifier_of_bundles_takes_it(made):
    assert check_wacz("page.wacz", io.BytesIO(made)) > 0


def test_the_index_leads_to_each_record(made):
    archive = entry(made, f"archive/{wacz.WARC_NAME}")
    index = entry(made, "indexes/index.cdx").decode().splitlines()
    assert index == sorted(index)
    found = {}
    for line in lines(made, "indexes/index.cdx"):
        start, length = int(line["offset"]), int(line["length"])
        ((record, _),) = records(archive[start : start + length])
        assert record.rec_headers.get_header("WARC-Target-URI") == line["url"]
        found[line["url"]] = (record.rec_type, line["mime"], line.get("status"))
    assert found == {
        "https://www.harbour-board.en.test/old": ("response", "", "302"),
        URL: ("response", "text/html", "200"),
        "https://files.test:8443/a.jpg": ("response", "image/jpeg", "200"),
        "https://files.test/again.jpg": ("revisit", "warc/revisit", "200"),
        f"urn:fullPage:{URL}": ("resource", "image/jpeg", None),
        f"urn:text:{URL}": ("resource", "text/plain", None),
    }


def test_the_page_is_listed_with_its_text(made):
    head, page = lines(made, "pages/pages.jsonl")
    assert head["format"] == "json-pages-1.0"
    assert (page["url"], page["ts"], page["title"]) == (URL, "2026-11-22T09:00:01.000Z", "Harbour")
    assert page["text"] == "The lantern ? parcel waits at gate seven."


def test_the_package_lists_every_file_and_its_digest_covers_the_list(made):
    described = entry(made, "datapackage.json")
    package = json.loads(described)
    listed = {item["path"]: (item["hash"], item["bytes"]) for item in package["resources"]}
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        others = [name for name in archive.namelist() if not name.startswith("datapackage")]
        assert listed == {
            name: (f"sha256:{digest(archive.read(name))}", archive.getinfo(name).file_size) for name in others
        }
        assert archive.getinfo("archive/data.warc.gz").compress_type == zipfile.ZIP_STORED
    assert package["mainPageUrl"] == URL
    assert json.loads(entry(made, "datapackage-digest.json"))["hash"] == f"sha256:{digest(described)}"


def test_the_same_capture_gives_the_same_bytes(made):
    assert packed().data == made


def test_what_is_too_much_is_left_out_and_counted(monkeypatch):
    monkeypatch.setattr(wacz, "MOST", len(picture()) + 2_000)
    made = packed()
    assert made.left_out == 1  # the screenshot; the text, which is small, still fits
    assert {line["url"] for line in lines(made.data, "indexes/index.cdx")} == {
        *(e.url for e in EXCHANGES),
        f"urn:text:{URL}",
    }


def test_the_largest_there_can_be_is_an_object_of_the_vault():
    chance = random.Random(1)
    pieces = [chance.randbytes(wacz.MOST // 4) for _ in range(5)]  # nothing that packs
    bodies = tuple(exchange(f"http://h.test/{number}", piece) for number, piece in enumerate(pieces))
    text = "".join(chr(code) for code in range(0x4E00, 0x9FFF)) * 20
    made = packed(Page(URL, "", text, AT, "c"), bodies, ())
    assert (made.left_out, len(made.data) < MAX_OBJECT_BYTES) == (2, True)


def test_of_a_large_video_beside_the_page_there_is_the_head_only(monkeypatch):
    monkeypatch.setattr(wacz, "MOST", len(SHOT.data) + 4 * len(picture()))
    video = exchange("https://files.test/a.mp4", bytes(len(SHOT.data) + 4 * len(picture())), content_type="video/mp4")
    made = packed(beside=(exchange("https://files.test/b.jpg", b"one more"), video))
    assert made.left_out == 1
    kept = bodies(entry(made.data, "archive/data.warc.gz"))
    assert (kept["https://files.test/b.jpg"], kept["https://files.test/a.mp4"]) == (b"one more", b"")


def test_of_a_very_long_text_the_beginning_can_be_searched(monkeypatch):
    monkeypatch.setattr(wacz, "SEARCHED", 10)
    assert lines(packed().data, "pages/pages.jsonl")[1]["text"] == "The lanter"


def test_a_page_of_pictures_alone_can_be_archived(tmp_path):
    made = packed(Page("http://h.test/", "", "", AT, "c"), (exchange("http://h.test/", b""),), ()).data
    assert accepted(made, tmp_path)
    assert bodies(entry(made, "archive/data.warc.gz")) == {"http://h.test/": b""}


def test_each_record_is_packed_by_itself(made):
    archive = entry(made, "archive/data.warc.gz")
    line = lines(made, "indexes/index.cdx")[0]
    start, length = int(line["offset"]), int(line["length"])
    assert gzip.decompress(archive[start : start + length]).startswith(b"WARC/1.1\r\n")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://www.b.a.test/x?c&b", "test,a,b)/x?b&c"),
        ("http://H.Test:80", "test,h)/"),
        ("http://www2.h.test/a%20b", "test,h)/a%20b"),
        ("http://127.0.0.1:8080/", "1,0,0,127:8080)/"),
        ("http://h.test:8080/A", "test,h:8080)/a"),
        ("urn:text:http://h.test/", "urn:text:http://h.test/"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_addresses_in_the_order_of_their_importance(url, place):
    assert surt(url) == place


@settings(max_examples=60)
@given(url=st.text(max_size=60))
def test_any_address_has_a_place(url):
    assert isinstance(surt("http:" + url), str)
