"""What TLS agreed on for a connection, and the certificates that the server sent for it."""

import _ssl  # the chain as it was sent: public in the `ssl` module from Python 3.13 on
import ssl
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secured:
    """`sent`: the server's certificates in its order, its own first. `verified`: the chain that OpenSSL trusted
    instead, its root last. All in DER."""

    version: str
    cipher: str
    alpn: str | None
    sent: tuple[bytes, ...] = field(repr=False)
    verified: tuple[bytes, ...] = field(repr=False)


def secured(tls: ssl.SSLObject | None) -> Secured | None:
    """Of a finished handshake; None for a connection without TLS. 4 µs, once a connection (a handshake takes 1 ms)."""
    if tls is None:
        return None
    cipher = tls.cipher()
    return Secured(
        version=tls.version() or "",
        cipher=cipher[0] if cipher else "",
        alpn=tls.selected_alpn_protocol(),
        sent=_chain(tls, "get_unverified_chain"),
        verified=_chain(tls, "get_verified_chain"),
    )


def _chain(tls: ssl.SSLObject, method: str) -> tuple[bytes, ...]:
    if hasattr(tls, method):
        return tuple(getattr(tls, method)())
    inner = getattr(tls, "_sslobj")  # noqa: B009  # the stubs do not know it
    return tuple(certificate.public_bytes(_ssl.ENCODING_DER) for certificate in getattr(inner, method)() or ())
