"""DKIM (RFC 6376): the agency's domain answers for each mail, so that filters have no reason to drop it."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dkim  # type: ignore[import-untyped]  # it brings no types
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
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


@dataclass(frozen=True)
class Signature:
    """`key`: as dkimpy wants it: PEM for RSA, base 64 of 32 bytes for Ed25519 (RFC 8463)."""

    selector: str
    domain: str
    algorithm: str
    key: bytes

    def header(self, mail: bytes) -> bytes:
        signer = dkim.DKIM(mail, signature_algorithm=self.algorithm.encode())
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
        return Signature(selector, domain, "rsa-sha256", pem)
    raise ValueError(f"{path}: DKIM wants an Ed25519 key, or an RSA key of {LEAST_RSA_BITS} bits or more")


def _seed(content: bytes, path: Path) -> bytes:
    try:
        seed = base64.b64decode(content.strip(), validate=True)
    except ValueError:
        seed = b""
    if len(seed) != 32:
        raise ValueError(f"{path} holds neither PEM nor the 32 bytes of an Ed25519 key in base 64")
    return base64.b64encode(seed)
