"""Time stamps as they are asked for and checked on receipt, against two local authorities that speak RFC 3161."""

import shutil
import subprocess
from datetime import timedelta

import httpx
import pytest
from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

from deploy.local.authorities.answering import POLICY
from deploy.local.authorities.faults import Fault
from shared.clock import ManualClock
from shared.stamps import authorities
from shared.stamps.stamping import FIRST_REST_S, LONGEST_REST_S, Away, Stamping, rest_s
from tests.support.stamps import NAMES, stampers

MESSAGE = b'{"format":"haetae-seal/1"}'
VERSION_1, SHA_256 = bytes.fromhex("020101"), bytes.fromhex("608648016503040201")
SAYS = {
    Fault.DOWN: "503",
    Fault.SLOW: "within",
    Fault.REDIRECT: "307",
    Fault.HTML: "no application/timestamp-reply",
    Fault.GARBAGE: "no TimeStampResp",
    Fault.CUT: "no TimeStampResp",
    Fault.HUGE: "longer than",
    Fault.REJECTION: "REJECTION ('the clock",
    Fault.WAITING: "WAITING",
    Fault.WITH_MODS: "GRANTED_WITH_MODS",
    Fault.WRONG_NONCE: "Nonce",
    Fault.NO_NONCE: "once",
    Fault.WRONG_IMPRINT: "Mismatch between messages",
    Fault.WRONG_KEY: "stamp is not right",
    Fault.WRONG_ROOT: "stamp is not right",
    Fault.WRONG_PURPOSE: "stamp is not right",
    Fault.NO_CERTIFICATE: "stamp is not right",
    Fault.EXPIRED: "stamp is not right",
    Fault.SKEWED: "its clock says",
}


@pytest.fixture(scope="module")
def standing():
    """One clock for all tests of the module."""
    return ManualClock()


@pytest.fixture(scope="module")
async def served(tmp_path_factory, standing):
    async with stampers(tmp_path_factory.mktemp("authorities"), standing) as made:
        yield made


@pytest.fixture
async def stamping(served, standing):
    for name in NAMES:
        served[name].fault, served[name].asked = None, 0
    async with Stamping(authorities.read(served.file), 0.3, standing) as made:
        yield made


async def test_all_authorities_stamp_the_same_bytes(stamping, standing):
    stamps, owed = await stamping.all(MESSAGE, "seal.json")
    assert owed == {}
    assert [stamp.authority for stamp in stamps] == list(NAMES)
    for stamp in stamps:
        assert (stamp.at, stamp.offset_ms, stamp.covers) == (standing.now(), 0, "seal.json")
        assert stamp.valid_until == standing.now() + timedelta(days=1825)
    assert stamps[0].roots != stamps[1].roots


async def test_the_clock_is_compared_in_milliseconds(stamping, standing):
    standing.advance(0.75)
    (stamp, _), _ = await stamping.all(MESSAGE, "seal.json")
    assert (stamp.at, stamp.offset_ms) == (standing.now(), 0)
    standing.advance(0.25)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed here")
async def test_openssl_accepts_them(stamping, served, tmp_path, standing):
    (stamp, _), _ = await stamping.all(MESSAGE, "seal.json")
    (tmp_path / "seal.json").write_bytes(MESSAGE)
    (tmp_path / "stamp-1.tsr").write_bytes(stamp.response)
    at = str(int(standing.now().timestamp()))  # the test's clock is not the machine's

    def verified(root):
        command = ["openssl", "ts", "-verify", "-data", "seal.json", "-in", "stamp-1.tsr", "-CAfile", root]
        return subprocess.run([*command, "-attime", at], cwd=tmp_path, capture_output=True, text=True)

    assert "Verification: OK" in verified(served.root("local-a")).stdout
    assert verified(served.root("local-b")).returncode != 0
    (tmp_path / "seal.json").write_bytes(MESSAGE[:-1])
    assert verified(served.root("local-a")).returncode != 0


@pytest.mark.parametrize("fault", Fault)
async def test_no_bad_answer_is_taken_and_none_holds_up_the_other(stamping, served, fault):
    served["local-a"].fault = fault
    stamps, owed = await stamping.all(MESSAGE, "seal.json")
    assert [stamp.authority for stamp in stamps] == ["local-b"]
    assert SAYS[fault] in owed["local-a"]


async def test_certificates_that_do_not_belong_to_it_are_a_bad_answer(stamping, served, monkeypatch):
    """Nothing signs the list, and most authorities answer over plain HTTP: anybody between may add to it."""
    real, post = served["local-a"].signer.certificate.public_bytes(Encoding.DER), Stamping._post
    twin = real.replace(b"\x02\x01\x02", b"\x02\x01\x42", 1)  # of a version that no reader knows
    for added, why in (
        (twin, "not a valid X509 version"),
        (real.replace(b"signer", b"tinger"), "holds 2 certificates"),
    ):

        async def between(self, url, query, added=added):
            answer = tsp.TimeStampResp.load(await post(self, url, query))
            signed = answer["time_stamp_token"]["content"]
            sent = [certificate.chosen.dump() for certificate in signed["certificates"]] + [added]
            signed["certificates"] = [cms.CertificateChoices("certificate", asn1.Certificate.load(der)) for der in sent]
            return answer.dump(force=True)

        monkeypatch.setattr(Stamping, "_post", between)
        with pytest.raises(Away, match=why):
            await stamping.one("local-a", MESSAGE, "seal.json")


async def test_one_that_is_away_rests_before_it_is_asked_again(stamping, served, standing):
    served["local-a"].fault = Fault.DOWN
    await stamping.all(MESSAGE, "seal.json")
    served["local-a"].fault = None
    _, owed = await stamping.all(MESSAGE, "seal.json")
    assert (set(owed), served["local-a"].asked, served["local-b"].asked) == ({"local-a"}, 1, 2)
    standing.advance(FIRST_REST_S)
    assert (await stamping.all(MESSAGE, "seal.json"))[1] == {}
    assert [rest_s(failures) for failures in (1, 2, 3, 1000)] == [15, 30, 60, LONGEST_REST_S]


async def test_a_policy_that_is_wanted_is_insisted_on(served, standing):
    text = served.file.read_text()
    for policy, right in ((POLICY, True), ("1.3.6.1.4.1.32473.9", False)):
        file = served.file.with_name(f"{policy}.toml")
        file.write_text(text.replace("\nca_file", f'\npolicy = "{policy}"\nca_file'))
        async with Stamping(authorities.read(file), 0.3, standing) as stamping:
            stamps, owed = await stamping.all(MESSAGE, "seal.json")
        assert (len(stamps) == 2) is right
        assert right or "Policy" in owed["local-a"]


async def test_nobody_there_is_named(served, standing, tmp_path):
    shutil.copytree(served.file.parent, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "authorities.toml"
    file.write_text(file.read_text().replace("http://127.0.0.1:", "http://127.0.0.2:"))
    async with Stamping(authorities.read(file), 0.3, standing) as stamping:
        with pytest.raises(Away, match="connect"):
            await stamping.one("local-a", MESSAGE, "seal.json")


def query(**changes):
    builder = TimestampRequestBuilder().data(MESSAGE).hash_algorithm(HashAlgorithm.SHA256)
    return builder.nonce(nonce=True).cert_request(cert_request=changes.get("certificates", True)).build().as_bytes()


async def ask(served, data, media_type="application/timestamp-query"):
    (authority,) = (one for one in authorities.read(served.file) if one.name == "local-a")
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(authority.url, content=data, headers={"content-type": media_type})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: b"", "no TimeStampReq"),
        (lambda data: data + b"\0", "no TimeStampReq"),
        (lambda data: data.replace(VERSION_1, bytes.fromhex("020102"), 1), "version"),
        (lambda data: data.replace(SHA_256, bytes.fromhex("608648016503040204"), 1), "are stamped"),  # SHA-224
        (lambda data: data.replace(SHA_256, bytes.fromhex("608648016503040203"), 1), "length"),  # SHA-512
    ],
    ids=["empty", "more", "version", "algorithm", "length"],
)
async def test_the_local_authority_refuses_what_it_must(stamping, served, change, why):
    response = decode_timestamp_response((await ask(served, change(query()))).content)
    assert response.status == 2
    assert why in response.status_string[0]


async def test_the_local_authority_sends_certificates_only_when_asked(stamping, served):
    for wanted in (True, False):
        response = decode_timestamp_response((await ask(served, query(certificates=wanted))).content)
        assert len(response.signed_data.certificates) == wanted


async def test_the_local_authority_insists_on_the_media_type_and_a_short_request(stamping, served):
    assert (await ask(served, query(), "application/octet-stream")).status_code == 415
    assert (await ask(served, bytes(5000))).status_code == 413
