"""TLS: the one context of a fetcher, and its failures in words."""

import ssl
from asyncio.sslproto import SSLProtocol
from pathlib import Path

# asyncio gives each TLS connection a read buffer of 256 KiB: measured 330 KB an idle connection, and 87 KB with one
# that holds just the largest TLS record (RFC 8446, 5.1), at no cost in time.
SSLProtocol.max_size = 16 * 1024

# OpenSSL's X509_V_ERR_* (x509_vfy.h).
CERTIFICATE_FAULTS = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is signed by itself",
    19: "its certificate is signed by an authority that nobody here trusts",
    20: "its certificate is signed by an authority that nobody here knows",
    21: "its certificate came without that of its authority",
    23: "its certificate is revoked",
    62: "its certificate is for another name",
    64: "its certificate is for another address",
}


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """20 ms of CPU: made once. Raises `ValueError` when `ca_file` is no file of certificates (PEM)."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise ValueError(f"HAETAE_CA_FILE: {ca_file} holds no certificates in PEM ({error})") from error
    return context


def in_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return CERTIFICATE_FAULTS.get(error.verify_code, f"its certificate is not valid: {error.verify_message}")
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
        return "it does not speak TLS at this port"
    if error.reason in ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION"):
        return "it speaks only versions of TLS that are broken"
    return f"TLS failed: {error.reason or error}"
