"""What a time-stamp authority answers (RFC 3161), and what it has to refuse."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from asn1crypto import algos, cms, core, tsp, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.local.authorities.issuing import Signer

# Under the arc that RFC 5612 keeps for examples: no authority of the world has this policy.
POLICY = "1.3.6.1.4.1.32473.3161.1"
DIGEST_BYTES = {"sha256": 32, "sha384": 48, "sha512": 64}
ACCURACY_MS = 500
SERIAL_BITS = 64  # RFC 3161 2.4.2: never the same twice, also after a crash; random ones need no counter on disk
GRANTED, REJECTION = 0, 2


class Refused(Exception):
    """A request that must not be granted; `failure` is the name in PKIFailureInfo (RFC 3161 2.4.2)."""

    def __init__(self, failure: str, why: str) -> None:
        super().__init__(why)
        self.failure = failure


class Response(core.Sequence):
    """As RFC 3161 2.4.2 has it: a refusal has no token, which the library insists on."""

    _fields: ClassVar = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


@dataclass(frozen=True)
class Asked:
    algorithm: str
    digest: bytes
    nonce: int | None
    certificates: bool


def asked(data: bytes) -> Asked:
    """Raises `Refused`."""
    try:
        request = tsp.TimeStampReq.load(data, strict=True)
        imprint = request["message_imprint"]
        version, algorithm = request["version"].native, imprint["hash_algorithm"]["algorithm"].native
        digest, policy = imprint["hashed_message"].native, request["req_policy"].native
        nonce, certificates = request["nonce"].native, bool(request["cert_req"].native)
        extensions = request["extensions"].native
    except (ValueError, TypeError, KeyError) as error:
        raise Refused("bad_data_format", "no TimeStampReq") from error
    if version != "v1":
        raise Refused("bad_request", "the version is not 1")
    if algorithm not in DIGEST_BYTES:
        raise Refused("bad_alg", "SHA-256, SHA-384 or SHA-512 are stamped")
    if len(digest) != DIGEST_BYTES[algorithm]:
        raise Refused("bad_data_format", "the digest has not the length of its algorithm")
    if policy not in (None, POLICY):
        raise Refused("unaccepted_policy", f"the policy is {POLICY}")
    if extensions:
        raise Refused("unaccepted_extensions", "no extension is known")
    return Asked(algorithm, digest, nonce, certificates)


def granted(request: Asked, signer: Signer, at: datetime, status: int = GRANTED) -> bytes:
    """The TimeStampResp, DER."""
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": {"hash_algorithm": {"algorithm": request.algorithm}, "hashed_message": request.digest},
            "serial_number": secrets.randbits(SERIAL_BITS),
            "gen_time": at.replace(microsecond=at.microsecond // 1000 * 1000),
            "accuracy": {"millis": ACCURACY_MS},
            **({} if request.nonce is None else {"nonce": request.nonce}),
        }
    )
    token = _signed(info.dump(), signer, at, with_certificates=request.certificates)
    return bytes(Response({"status": {"status": status}, "time_stamp_token": token}).dump())


def rejected(refusal: Refused) -> bytes:
    """The TimeStampResp, DER: a status and its reason, no token."""
    said = {"status": REJECTION, "status_string": [str(refusal)], "fail_info": {refusal.failure}}
    return bytes(Response({"status": said}).dump())


def _signed(info: bytes, signer: Signer, at: datetime, *, with_certificates: bool) -> cms.ContentInfo:
    """RFC 5652 SignedData over the TSTInfo, whose signed attributes name the certificate (RFC 5816)."""
    der = signer.certificate.public_bytes(serialization.Encoding.DER)
    certificate = x509.Certificate.load(der)
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["tst_info"]},
            {"type": "signing_time", "values": [core.UTCTime(at.replace(microsecond=0))]},
            {"type": "message_digest", "values": [hashlib.sha256(info).digest()]},
            {
                "type": "signing_certificate_v2",
                "values": [{"certs": [{"cert_hash": hashlib.sha256(der).digest()}]}],
            },
        ]
    )
    about = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            "issuer_and_serial_number",
            {"issuer": certificate.issuer, "serial_number": certificate.serial_number},
        ),
        "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
        "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": signer.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
    }
    content = {
        "version": "v3",
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)},
        "signer_infos": [about],
        **({"certificates": [certificate]} if with_certificates else {}),
    }
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(content)})
