"""Signed documents: canonical JSON that holds its format, the public key and an Ed25519 signature (RFC 8032).

The signature covers the canonical form of everything but itself; the format in it keeps a signature on one kind of
document from passing for one on another.
"""

import re
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from haetae_verify.canonical import NotCanonical, canonical, read

KEY, SIGNATURE = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{128}")


class BadSignature(ValueError):
    """The document is not what was signed; the message says why."""


def sign(document: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """The signed document's bytes. `document` holds `format`."""
    whole = {**document, "public_key": key.public_key().public_bytes_raw().hex()}
    return canonical({**whole, "signature": key.sign(canonical(whole)).hex()})


def check(data: bytes, format: str, public_key: str | None = None) -> dict[str, Any]:
    """The document without its signature, which is right. Raises `BadSignature`.

    `public_key`: hexadecimal; who must have signed. Without it anybody may have: look at the document's `public_key`.
    """
    try:
        document = read(data)
    except NotCanonical as error:
        raise BadSignature(str(error)) from error
    if document.get("format") != format:
        raise BadSignature(f"its format is {str(document.get('format'))[:80]!r}; this program knows {format!r}")
    signer, signature = document.get("public_key"), document.pop("signature", None)
    if not (isinstance(signer, str) and KEY.fullmatch(signer)):
        raise BadSignature("public_key is not 64 lower-case hexadecimal digits")
    if not (isinstance(signature, str) and SIGNATURE.fullmatch(signature)):
        raise BadSignature("signature is not 128 lower-case hexadecimal digits")
    if public_key is not None and signer != public_key:
        raise BadSignature(f"it was signed with the key {signer}, not with {public_key}")
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(signer)).verify(bytes.fromhex(signature), canonical(document))
    except (InvalidSignature, ValueError) as error:
        raise BadSignature("the signature is not right: something was changed, or another key signed") from error
    return document
