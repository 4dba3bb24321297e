"""What a server's certificates say, as facts (pure; each is a stranger's)."""

import ssl
from collections.abc import Callable, Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from haetae_verify.canonical import digest, moment
from services.evidence.capture.work import Json
from services.evidence.domain import clean
from shared.net import Secured

MAX_SENT = 10  # certificates of a chain; servers send two to four
MAX_NAMES = 100  # of a certificate; some have more, all of which stand in tls.pem


def pem(chain: Sequence[bytes]) -> bytes:
    """All of them, as they came: what cannot be read is kept as well."""
    return "".join(map(ssl.DER_cert_to_PEM_cert, chain[:MAX_SENT])).encode()


def facts(secured: Secured) -> dict[str, Json]:
    return {
        "version": secured.version,
        "cipher": secured.cipher,
        "alpn": secured.alpn,
        "verified": bool(secured.verified),
        "root": certificate(secured.verified[-1]) if secured.verified else None,
        "sent": [certificate(der) for der in secured.sent[:MAX_SENT]],
        "sent_count": len(secured.sent),
    }


def certificate(der: bytes) -> dict[str, Json]:
    """A part that its maker got wrong says so, and the rest is told all the same."""
    told: dict[str, Json] = {"sha256": digest(der), "bytes": len(der)}
    try:
        one = x509.load_der_x509_certificate(der)
    except Exception:  # ValueError, InvalidVersion, …: the library has no common base for what is malformed
        return {**told, "unreadable": ["certificate"]}
    parts: dict[str, Callable[[], Json]] = {
        "subject": lambda: clean(one.subject.rfc4514_string()),
        "issuer": lambda: clean(one.issuer.rfc4514_string()),
        "serial": lambda: f"{one.serial_number:x}",
        "not_before": lambda: moment(one.not_valid_before_utc),
        "not_after": lambda: moment(one.not_valid_after_utc),
        "names": lambda: _names(one),
        "key_sha256": lambda: digest(one.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
        "signed_with": lambda: one.signature_algorithm_oid.dotted_string,
    }
    unreadable: list[Json] = []
    for name, read in parts.items():
        try:
            told[name] = read()
        except Exception:  # as above
            unreadable.append(name)
    return {**told, "unreadable": unreadable} if unreadable else told


def _names(one: x509.Certificate) -> Json:
    try:
        names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    known = [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
    return [clean(name) for name in known[:MAX_NAMES]]
