"""DKIM (RFC 6376): the agency's domain answers for each mail, so that filters have no reason to drop it."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import dkim  # type: ignore[import-untyped]  # it brings no types
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

LEAST_RSA_BITS = 2048  # RFC 8301, 3.2: signers should use at least these
# What a reader sees and what machines of the recipient go by. Each is named once more than it occurs, so that none can
# be added (RFC 6376, 5.4.2).
SIGNED = (
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version",
    "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted", "X-Haetae-Reference",
)  # fmt: skip


class _Signed(NamedTuple):
    signature: bytes


@dataclass(frozen=True)
class _Rsa:
    """RSASSA-PKCS1-v1_5 by OpenSSL, shaped as dkimpy's Ed25519 keys are. dkimpy's own RSA is Python: eight times as
    slow, 5 ms of each mail during which no other goes on, and of a duration that depends on the key."""

    key: RSAPrivateKey

    def sign(self, digest: bytes) -> _Signed:
        return _Signed(self.key.sign(digest, PKCS1v15(), Prehashed(SHA256())))


class _Signer(dkim.DKIM):  # type: ignore[misc]  # it brings no types
    """dkimpy, but for the RSA operation."""

    rsa: RSAPrivateKey | None = None

    def gen_header(self, fields: object, include: object, policy: object, name: object, key: object) -> object:
        if self.rsa is None:
            return super().gen_header(fields, include, policy, name, key)
        self.signature_algorithm = b"ed25519-sha256"  # takes any key that signs; what is declared stands in `fields`
        return super().gen_header(fields, include, policy, name, _Rsa(self.rsa))


@dataclass(frozen=True)
class Signature:
    """`key`: as dkimpy wants it: PEM for RSA, base 64 of 32 bytes for Ed25519 (RFC 8463). `rsa`: the same, read."""

    selector: str
    domain: str
    algorithm: str
    key: bytes = field(repr=False)
    rsa: RSAPrivateKey | None = field(default=None, repr=False)

    def header(self, mail: bytes) -> bytes:
        signer = _Signer(mail, signature_algorithm=self.algorithm.encode())
        signer.rsa = self.rsa
        present = {name.lower() for name, _ in signer.headers}
        named = [name.encode() for name in SIGNED if name.lower().encode() in present]
        signed: bytes = signer.sign(
            self.selector.encode(),
            self.domain.encode(),
            self.key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[*named, *(name.encode() for name in SIGNED)],
        )
        return signed


def sign(mail: bytes, signatures: Sequence[Signature]) -> bytes:
    """With a header for each signature before its own. Where there are two, a recipient takes what it understands."""
    return b"".join(signature.header(mail) for signature in signatures) + mail


def read_key(path: Path, selector: str, domain: str) -> Signature:
    """A private key as openssl writes it (PEM, RSA or Ed25519), or as dknewkey writes Ed25519.

    Raises `ValueError` that names the file and the cure.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"the DKIM key {path} cannot be read: {error.strerror}") from None
    if b"-----BEGIN" not in content:
        return Signature(selector, domain, "ed25519-sha256", _seed(content, path))
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError):  # the library's text may quote the key
        raise ValueError(f"{path} holds no private key that can be read: PEM without a password is wanted") from None
    if isinstance(key, Ed25519PrivateKey):
        return Signature(selector, domain, "ed25519-sha256", base64.b64encode(key.private_bytes_raw()))
    if isinstance(key, RSAPrivateKey) and key.key_size >= LEAST_RSA_BITS:
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        return Signature(selector, domain, "rsa-sha256", pem, key)
    raise ValueError(f"{path}: DKIM wants an Ed25519 key, or an RSA key of {LEAST_RSA_BITS} bits or more")


def _seed(content: bytes, path: Path) -> bytes:
    try:
        seed = base64.b64decode(content.strip(), validate=True)
    except ValueError:
        seed = b""
    if len(seed) != 32:
        raise ValueError(f"{path} holds neither PEM nor the 32 bytes of an Ed25519 key in base 64")
    return base64.b64encode(seed)
