"""What a bundle proves, and each way in which one does not: signed by whoever can sign, and still found."""

import io
import json
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from haetae_verify import container
from haetae_verify.bundle import check_bundle
from haetae_verify.canonical import canonical, digest, moment
from haetae_verify.chain import line_hash
from haetae_verify.readme import readme
from haetae_verify.signed import sign
from haetae_verify.source import Packed
from haetae_verify.stamps import time_of
from haetae_verify.wrong import Wrong
from tests.support.bundles import AT, CASE, agency, chain, entry, evidence, listed, manifest, parts, stamp

AGENCY, OTHER = agency(), agency()
PARTS = parts(AGENCY)
SEALED_AT = AT + timedelta(seconds=2)


def check(files, **more):
    return check_bundle(Packed(io.BytesIO(container.write(files))), **more)


def wrong(files, **more):
    with pytest.raises(Wrong) as found:
        check(files, **more)
    return found.value.part, found.value.kind


NAMES = {
    "stamp_1": "stamp-1.tsr",
    "stamp_2": "stamp-2.tsr",
    **{name.replace(".", "_"): name for name in ("seal.json", "stamps.json", "custody.json", "manifest.json")},
}


def changed(**files):
    """The agency's own bundle with other files in it, listed and signed by itself: `stamps_json=…` is stamps.json."""
    named = {NAMES.get(name, name): data for name, data in files.items()}
    return listed({**PARTS, **named}, AGENCY.key)


def document(name, **more):
    return canonical({**json.loads(PARTS[name]), **more})


def seal(key=AGENCY.key, **more):
    about = {"format": "haetae-seal/1", "case_id": CASE, "manifest_sha256": digest(PARTS["manifest.json"])}
    return sign({**about, "sealed_at": moment(SEALED_AT), **more}, key)


def stamps(which=1, /, **more):
    lines = json.loads(PARTS["stamps.json"])["stamps"]
    lines[which - 1].update(more)
    return document("stamps.json", stamps=lines)


def test_a_right_bundle_says_what_it_proves():
    roots = [signer.root.certificate for signer in AGENCY.signers.values()]
    proof = check(listed(PARTS, AGENCY.key), keys=[AGENCY.public_key], roots=roots)
    assert (proof.case_id, proof.manifest_sha256, proof.sealed_at) == (CASE, digest(PARTS["manifest.json"]), SEALED_AT)
    assert [(one.authority, one.covers) for one in proof.stamps] == [
        ("local-a", "seal.json"),
        ("local-b", "seal.json"),
        ("local-a", "stamp-1.tsr"),
    ]
    assert proof.stamps[0].at == SEALED_AT + timedelta(hours=1)
    assert proof.custody.actions == {"collected": 1, "sealed": 1, "stamped": 1, "exported": 1}
    assert proof.archives == ("evidence/page.wacz",)
    assert (proof.own_keys, proof.own_roots, proof.packed, proof.ots) == (True, True, True, "none")


@pytest.mark.parametrize(("told", "milliseconds"), [(b"", 0), (b".122", 122), (b".9", 900)])
def test_a_stamp_is_not_cut_to_the_second_before_its_seal(told, milliseconds):
    second = datetime(2026, 11, 22, 9, 0, 1, tzinfo=UTC)
    at = time_of(second, b"\x30\x18\x1320261122090001" + told + b"Z\x02")
    assert at == second + timedelta(milliseconds=milliseconds)


def test_a_bundle_without_time_stamps_is_right():
    left = {name: data for name, data in PARTS.items() if not name.startswith(("stamp-", "authority-"))}
    files = listed({**left, "stamps.json": document("stamps.json", stamps=[])}, AGENCY.key)
    assert check(files).stamps == ()


def test_other_keys_than_the_agency_s_are_named():
    assert wrong(listed(PARTS, AGENCY.key), keys=[OTHER.public_key]) == ("bundle.json", "stranger-key")
    assert wrong(listed(PARTS, OTHER.key)) == ("seal.json", "unknown-key")
    assert wrong(changed(seal_json=seal(OTHER.key))) == ("seal.json", "unknown-key")


def test_what_a_bundle_says_twice_or_not_of_itself_is_named():
    assert wrong(listed(PARTS, AGENCY.key, made_by="reviewer-8")) == ("custody.json", "chain-exported")
    assert wrong(
        listed(PARTS, AGENCY.key, files=[entry("README.txt", PARTS[name]) for name in ("README.txt", "seal.json")])
    ) == ("bundle.json", "manifest-name")
    again = changed(stamps_json=stamps(2, authority="local-a"), stamp_2=PARTS["stamp-1.tsr"])
    assert wrong(again) == ("stamp-2.tsr", "stamp-twice")


def test_a_bundle_of_another_manifest_is_named():
    assert wrong(listed(PARTS, AGENCY.key, manifest_sha256="0" * 64)) == ("bundle.json", "other-manifest")


@pytest.mark.parametrize(
    ("since", "until", "right"),
    [(timedelta(0), None, True), (timedelta(hours=2), None, False), (-timedelta(days=9), -timedelta(hours=2), False)],
)
def test_a_seal_needs_a_key_that_was_in_use(since, until, right):
    former = {
        "public_key": AGENCY.public_key,
        "since": moment(SEALED_AT + since),
        "until": until and moment(SEALED_AT + until),
    }
    now = {"public_key": OTHER.public_key, "since": moment(SEALED_AT), "until": None}
    files = listed(PARTS, OTHER.key, public_keys=[former, now])
    if right:
        assert check(files, keys=[OTHER.public_key]).seal_key == AGENCY.public_key
    else:
        assert wrong(files) == ("seal.json", "key-time")


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"seal_json": seal(manifest_sha256="0" * 64)}, ("manifest.json", "seal")),
        ({"seal_json": seal(case_id="another")}, ("seal.json", "case")),
        ({"seal_json": seal(format="haetae-bundle/1")}, ("seal.json", "signature")),
        ({"seal_json": seal(sealed_at=moment(AT - timedelta(hours=1)))}, ("seal.json", "early")),
        ({"seal_json": seal(sealed_at=moment(AT + timedelta(days=2)))}, ("bundle.json", "early")),
        ({"seal_json": seal(sealed_at="yesterday")}, ("seal.json", "field")),
        ({"stamp_1": b"\x30\x00"}, ("stamp-1.tsr", "stamp")),
        ({"stamps_json": stamps(number=2)}, ("stamps.json", "stamp-listed")),
        ({"stamps_json": stamps(3, covers="stamp-2.tsr")}, ("stamps.json", "stamp-listed")),
        ({"stamps_json": stamps(3, covers="stamp-3.tsr")}, ("stamps.json", "stamp-listed")),
        ({"stamps_json": stamps(covers="README.txt")}, ("stamps.json", "stamp-listed")),
        ({"stamps_json": stamps(file="../stamp-1.tsr")}, ("stamps.json", "stamp-listed")),
        ({"stamps_json": stamps(2, authority="nobody")}, ("authority-nobody.pem", "missing")),
        ({"stamps_json": stamps(2, authority="local-a")}, ("stamp-2.tsr", "stamp-root")),
        ({"stamps_json": stamps(at=moment(AT + timedelta(days=400)))}, ("stamps.json", "stamp-time")),
        ({"stamps_json": document("stamps.json", stamps=[])}, ("authority-local-a.pem", "stranger")),
        ({"stamps_json": document("stamps.json", case_id="x")}, ("stamps.json", "case")),
        ({"authority-local-b.pem": b"-"}, ("authority-local-b.pem", "pem")),
        ({"custody_json": document("custody.json", lines=[])}, ("custody.json", "chain-sealed")),
        ({"custody_json": document("custody.json", case_id="x")}, ("custody.json", "case")),
        ({"another.txt": b""}, ("another.txt", "stranger")),
        ({"evidence/another.txt": b""}, ("evidence/another.txt", "unlisted")),
        ({"manifest_json": manifest({**evidence(), "text.txt": b"Other."})}, ("manifest.json", "seal")),
    ],
    ids=count(1),
)
def test_what_the_agency_itself_may_not_put_together(files, found):
    assert wrong(changed(**files)) == found


@pytest.mark.parametrize(
    ("at", "of", "by", "found"),
    [
        (timedelta(hours=1), b"Something else.", "local-a", "stamp-other"),
        (timedelta(hours=1), PARTS["seal.json"], "local-b", "stamp-root"),
        (-timedelta(hours=1), PARTS["seal.json"], "local-a", "stamp-early"),
    ],
)
def test_stamps_of_other_things_times_and_authorities_are_named(at, of, by, found):
    response = stamp(AGENCY.signers[by], of, SEALED_AT + at)
    assert wrong(changed(stamp_1=response)) == ("stamp-1.tsr", found)


def test_authorities_that_the_reader_does_not_know_are_named():
    others = [signer.root.certificate for signer in OTHER.signers.values()]
    assert wrong(listed(PARTS, AGENCY.key), roots=others) == ("stamp-1.tsr", "stamp-root")


def sealed_anew(listed_files, kept):
    """The bundle of another capture, rightly sealed, without time stamps."""
    sealed = digest(listed_files)
    lines = chain(("collected", {}), ("sealed", {"manifest_sha256": sealed}), ("exported", {}))
    left = {name: data for name, data in PARTS.items() if not name.startswith(("stamp-", "authority-", "evidence/"))}
    return {
        **left,
        **{f"evidence/{name}": data for name, data in kept.items()},
        "manifest.json": listed_files,
        "seal.json": seal(manifest_sha256=sealed),
        "stamps.json": document("stamps.json", stamps=[]),
        "custody.json": document("custody.json", lines=lines),
    }


def test_what_was_not_kept_is_not_there():
    files = evidence()
    objects = [{**item, "kept": item["name"] != "text.txt"} for item in json.loads(manifest(files))["objects"]]
    hash_only = manifest(files, objects=objects, mode="hash-only")
    kept = {name: data for name, data in files.items() if name != "text.txt"}
    proof = check(listed(sealed_anew(hash_only, kept), AGENCY.key))
    assert [item.name for item in proof.manifest.objects if not item.kept] == ["text.txt"]
    assert wrong(listed(sealed_anew(hash_only, files), AGENCY.key)) == ("evidence/text.txt", "not-kept")
    assert wrong(listed(sealed_anew(manifest(files), kept), AGENCY.key)) == ("evidence/text.txt", "missing")


def test_a_manifest_may_not_name_a_file_twice_or_elsewhere():
    for name in ("../text.txt", "manifest.json", "page.wacz"):
        objects = [
            *json.loads(manifest(evidence()))["objects"],
            {"name": name, "sha256": "0" * 64, "bytes": 1, "kept": True},
        ]
        files = sealed_anew(manifest(evidence(), objects=objects), evidence())
        assert wrong(listed(files, AGENCY.key)) == ("manifest.json", "manifest-name")


def test_a_manifest_of_another_case_is_named():
    files = sealed_anew(manifest(evidence(), case_id="another"), evidence())
    assert wrong(listed(files, AGENCY.key)) == ("manifest.json", "case")


def test_a_web_archive_that_was_never_whole_is_named():
    broken = {**evidence(), "page.wacz": b"PK"}
    assert wrong(listed(sealed_anew(manifest(broken), broken), AGENCY.key)) == ("evidence/page.wacz", "wacz")


def lines_of(name="custody.json"):
    return json.loads(PARTS[name])["lines"]


def custody(lines, **more):
    """The bundle with this chain in it, whose end `bundle.json` lists as it was."""
    was = lines_of()
    about = {"custody": {"length": len(was), "head": was[-1]["hash"]}, **more}
    return listed({**PARTS, "custody.json": document("custody.json", lines=lines)}, AGENCY.key, **about)


def test_a_chain_that_was_cut_changed_or_added_to_is_named():
    was = lines_of()
    assert wrong(custody(was[:-1])) == ("custody.json", "chain-end")
    assert wrong(custody([*was[:1], *was[2:]])) == ("custody.json", "chain")
    assert wrong(custody([*was, {**was[-1], "seq": 5}])) == ("custody.json", "chain")
    assert wrong(custody([{**was[0], "actor": "another"}, *was[1:]])) == ("custody.json", "chain")
    assert wrong(custody([{**was[0], "remark": "added"}, *was[1:]])) == ("custody.json", "chain-line")
    foreign = {**was[0], "case_id": "another"}
    assert wrong(custody([{**foreign, "hash": line_hash(foreign)}, *was[1:]])) == ("custody.json", "case")


def test_each_needed_file_must_be_there():
    for name in ("README.txt", "custody.json", "manifest.json", "report.pdf", "seal.json", "stamps.json"):
        left = {other: data for other, data in PARTS.items() if other != name}
        if name == "README.txt":
            continue  # the container has it first, or is none
        about = listed(
            PARTS, AGENCY.key, files=[{"name": n, "sha256": digest(d), "bytes": len(d)} for n, d in left.items()]
        )
        assert wrong({**left, "bundle.json": about["bundle.json"]}) == (name, "missing")


def test_the_readme_is_for_any_editor():
    text = readme(CASE, AT)
    assert CASE.encode() in text
    assert "열쇠".encode() in text
    assert text.count(b"\n") == text.count(b"\r\n") > 20
