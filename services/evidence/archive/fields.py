"""The named fields of a WARC record (ISO 28500:2017, 5)."""

import re
from datetime import UTC, datetime

from services.evidence.domain import Exchange
from shared.identity import identity

Fields = list[tuple[str, str]]

NOT_IN_URL = re.compile(r"[^\x21-\x7e]")
# What the connection spoke, by the names of the proposed fields WARC-Protocol and WARC-Cipher-Suite
# (iipc/warc-specifications, issues 42 and 86), which crawlers write already.
HTTP = {"HTTP/1.0": "http/1.0", "HTTP/1.1": "http/1.1", "HTTP/2": "h2"}
TLS = {"TLSv1": "tls/1.0", "TLSv1.1": "tls/1.1", "TLSv1.2": "tls/1.2", "TLSv1.3": "tls/1.3"}


def record_id(*named: object) -> str:
    return f"<urn:uuid:{identity('warc', *named)}>"


def warc_date(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def target(url: str) -> str:
    """As it stands in an index: no fragment, which no server ever sees, and nothing that would end the line."""
    return NOT_IN_URL.sub(lambda odd: "".join(f"%{byte:02X}" for byte in odd[0].encode(errors="replace")), _bare(url))


def connection(exchange: Exchange) -> Fields:
    """Whom the connection led to, and what was spoken on it."""
    fields = [("WARC-IP-Address", exchange.address)] if exchange.address else []
    fields += [("WARC-Protocol", HTTP[exchange.http_version])] if exchange.http_version in HTTP else []
    if tls := exchange.secured:
        fields += [("WARC-Protocol", TLS[tls.version])] if tls.version in TLS else []
        # OpenSSL has names of its own for the suites of TLS 1.2; the field takes IANA's.
        fields += [("WARC-Cipher-Suite", tls.cipher)] if tls.cipher.startswith("TLS_") else []
    return fields


def media_type(content_type: str) -> str:
    """Without its parameters; any text, since a server may say anything."""
    return re.split(r"[;\s]", content_type.strip(), maxsplit=1)[0][:100]


def _bare(url: str) -> str:
    return url.partition("#")[0]
