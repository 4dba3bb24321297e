"""Bundles made to hurt whoever checks them: each ends in a sentence, within bounds."""

import base64
import io
import json
import struct
import zipfile
from datetime import timedelta

import pytest
from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given, settings
from hypothesis import strategies as st

from haetae_verify import container, stamps, wacz
from haetae_verify.__main__ import main
from haetae_verify.bundle import check_bundle
from haetae_verify.canonical import canonical
from haetae_verify.certificate import check_certificate
from haetae_verify.signed import sign
from haetae_verify.source import Packed
from haetae_verify.wrong import Wrong
from tests.support import bundles
from tests.support.bundles import CASE, agency, listed, parts

AGENCY = agency()
PARTS = parts(AGENCY)
DOCUMENTS = ("bundle.json", "manifest.json", "seal.json", "stamps.json", "custody.json")
SIGNED = ("bundle.json", "seal.json")
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=8)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner))


def check(files):
    check_bundle(Packed(io.BytesIO(container.write(files))))


def refused(files):
    with pytest.raises(Wrong) as found:
        check(files)
    return found.value.part, found.value.kind


def told(checking):
    """In both languages, what is wrong; nothing when all is right."""
    try:
        checking()
    except Wrong as error:
        return error.say("ko"), error.say("en")
    return ()


def replaced(value, steps, by):
    """The value with one node of it replaced: `steps` lead there, each taken modulo what there is."""
    if steps and isinstance(value, dict) and value:
        name = sorted(value)[steps[0] % len(value)]
        return {**value, name: replaced(value[name], steps[1:], by)}
    if steps and isinstance(value, list) and value:
        at = steps[0] % len(value)
        return [*value[:at], replaced(value[at], steps[1:], by), *value[at + 1 :]]
    return by


def with_document(name, value):
    """The bundle with another document, listed and, where it is a signed one, signed by the agency itself."""
    if name == "bundle.json":
        return {**PARTS, name: resigned(value)}
    data = resigned(value) if name in SIGNED else canonical(value)
    return listed({**PARTS, name: data}, AGENCY.key)


def resigned(value):
    if not isinstance(value, dict):
        return canonical(value)
    return sign({name: item for name, item in value.items() if name not in ("signature", "public_key")}, AGENCY.key)


@given(
    st.sampled_from(DOCUMENTS),
    st.lists(st.integers(0, 20), min_size=1, max_size=4),
    VALUES | st.sampled_from(["", CASE]),
)
@settings(max_examples=100)
@example("custody.json", [2, 1, 5], {"x": 1})
@example("stamps.json", [1, 1, 1], "stamp-2.tsr")
@example("bundle.json", [9, 0, 1], "0001-01-01T00:00:00.000Z")
@example("bundle.json", [9, 0, 2], "9999-12-31T23:59:59.999Z")
def test_documents_with_anything_in_them_end_in_a_sentence(name, steps, value):
    whole = listed(PARTS, AGENCY.key)
    try:
        files = with_document(name, replaced(json.loads(whole[name]), steps, value))
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # what has no canonical form, or no end of a chain to be listed, cannot be put into a bundle
    assert all(sentence.isprintable() for sentence in told(lambda: check(files)))


@given(st.sampled_from(("stamp-1.tsr", "authority-local-a.pem", "evidence/page.wacz")), st.data())
@settings(max_examples=100)
def test_binary_parts_with_anything_in_them_end_in_a_sentence(name, data):
    """They are listed and sealed as they are: only what reads them stands between."""
    was = PARTS[name]
    at, length = data.draw(st.integers(0, len(was))), data.draw(st.integers(0, 40))
    changed = was[:at] + data.draw(st.binary(max_size=40)) + was[at + length :]
    if name.endswith(".wacz"):
        sentences = told(lambda: wacz.check_wacz(name, io.BytesIO(changed)))
    else:
        sentences = told(lambda: check(listed({**PARTS, name: changed}, AGENCY.key)))
    assert all(sentence.isprintable() for sentence in sentences)


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda data: b"{" + data))
@settings(max_examples=60)
@example(b"")
@example(b"{" * 100_000)
@example(b'{"format":"haetae-destruction/1"}')
@example(b'{"a":' + b"9" * 5_000 + b"}")
def test_any_file_ends_in_a_sentence(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "anything"
    path.write_bytes(data)
    assert main([str(path)]) in (1, 2)


def test_a_document_of_depth_is_refused():
    deep = b'{"lines":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    files = {**PARTS, "custody.json": deep}
    about = listed(PARTS, AGENCY.key, files=[bundles.entry(name, data) for name, data in sorted(files.items())])
    assert refused({**files, "bundle.json": about["bundle.json"]})[0] == "custody.json"


def test_what_is_larger_than_it_can_be_is_not_read(monkeypatch):
    assert refused(listed({**PARTS, "stamp-1.tsr": bytes(1 << 17)}, AGENCY.key)) == ("stamp-1.tsr", "big")
    monkeypatch.setattr(stamps, "MOST", 2)
    assert refused(listed(PARTS, AGENCY.key)) == ("stamps.json", "stamps-many")


def test_certificates_that_would_end_a_library_are_named():
    """OpenSSL reads no such name, and Python's reader no such version: neither is left to the library in between."""
    der = AGENCY.signers["local-a"].root.certificate.public_bytes(Encoding.DER)
    for broken in (
        der.replace(b"Root", b"R\xff\xfft", 1),
        der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x42"),
    ):
        text = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(broken) + b"-----END CERTIFICATE-----\n"
        files = {**PARTS, "authority-local-a.pem": text}
        assert refused(listed(files, AGENCY.key)) == ("authority-local-a.pem", "pem")


def test_a_certificate_put_beside_the_signer_s_lends_it_no_other_name():
    """Whoever passes a stamp on can add certificates to it: nothing signs them."""
    real, key = AGENCY.signers["local-a"].certificate, ec.generate_private_key(ec.SECP256R1())
    twin = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Ministry " * 7)]))
        .issuer_name(real.issuer)
        .serial_number(real.serial_number)
        .public_key(key.public_key())
        .not_valid_before(bundles.AT)
        .not_valid_after(bundles.AT + timedelta(days=30_000))
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, hashes.SHA256())
    )
    response = tsp.TimeStampResp.load(PARTS["stamp-1.tsr"])
    sent = response["time_stamp_token"]["content"]["certificates"]
    sent.append(cms.CertificateChoices("certificate", asn1.Certificate.load(twin.public_bytes(Encoding.DER))))
    response["time_stamp_token"]["content"]["certificates"] = sent.copy()
    files = {**PARTS, "stamp-1.tsr": response.dump(force=True)}
    with pytest.raises(Wrong, match="holds 2 certificates of who signed it"):
        check(listed(files, AGENCY.key))


def archive(change):
    with pytest.raises(Wrong) as found:
        wacz.check_wacz("page.wacz", io.BytesIO(bundles.wacz(change)))
    return found.value.kind


def test_web_archives_that_are_not_whole_are_named():
    assert wacz.check_wacz("page.wacz", io.BytesIO(bundles.wacz())) == len("WARC/1.1 {}\n" + bundles.TEXT)
    assert archive(lambda files: {**files, "pages/pages.jsonl": b"{ }"}) == "wacz-file"
    assert archive(lambda files: {**files, "pages/more.jsonl": b""}) == "wacz-listed"
    assert archive(lambda files: {name: files[name] for name in files if name != "pages/pages.jsonl"}) == "wacz-listed"
    assert archive(lambda files: {**files, "datapackage.json": files["datapackage.json"] + b" "}) == "wacz-file"
    assert archive(lambda files: {**files, "datapackage.json": b"[]"}) == "field"
    assert archive(lambda files: {}) == "wacz"


def test_a_member_without_a_name_is_no_end_of_the_program():
    made = bytearray(bundles.wacz())
    at = made.index(b"PK\1\2") + 28
    made[at : at + 4] = struct.pack("<2H", 0, *struct.unpack_from("<H", made, at))  # its name is an extra field now
    with pytest.raises(Wrong, match="no web archive"):
        wacz.check_wacz("page.wacz", io.BytesIO(made))


def test_a_bomb_is_not_unpacked():
    """A member that says two bytes and unpacks to a gigabyte is read for three."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        resources = [{"path": "bomb", "hash": "sha256:" + "0" * 64, "bytes": 2}]
        made.writestr("datapackage.json", json.dumps({"resources": resources}))
        made.writestr("bomb", bytes(50 << 20))
    with pytest.raises(Wrong) as found:
        wacz.check_wacz("page.wacz", out)
    assert found.value.kind == "wacz-file"
    with pytest.raises(Wrong, match="more than 4 GiB"):
        wacz.check_wacz("page.wacz", io.BytesIO(bundles.wacz()), 10)
    huge = [{"path": "bomb", "hash": "sha256:" + "0" * 64, "bytes": 2**40}]
    assert archive(lambda files: {"datapackage.json": json.dumps({"resources": huge}).encode(), "bomb": b""}) == "wacz"


def test_a_directory_larger_than_memory_likes_is_not_read(monkeypatch):
    monkeypatch.setattr(wacz, "MOST_DIRECTORY", 100)
    assert archive(lambda files: files) == "wacz"


def test_members_twice_and_unknown_packing_are_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("datapackage.json", b'{"resources":[]}')
    with pytest.raises(Wrong, match="way of packing"):
        wacz.check_wacz("page.wacz", out)


def test_a_certificate_with_anything_in_it_ends_in_a_sentence():
    about = {"format": "haetae-destruction/1", "case_id": CASE, "objects": [None]}
    with pytest.raises(Wrong):
        check_certificate("certificate.json", sign(about, AGENCY.key))
