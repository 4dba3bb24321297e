"""The capture's traffic as a web archive: WARC 1.1 (ISO 28500:2017), gzip a record, readable by any replay tool."""

import io
from datetime import datetime
from urllib.parse import urlsplit

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from services.evidence.domain import Captured, Exchange

VERSION = "WARC/1.1"
# These describe the body as it travelled; the one that is kept is unpacked. Replay tools know the prefix.
ORIGINAL = "X-Archive-Orig-"
TRAVELLING = frozenset({"content-encoding", "content-length", "transfer-encoding"})


def archive(captured: Captured, software: str) -> bytes:
    """warcinfo, then a response and its request for every exchange, in the order of the answers."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version=VERSION)
    writer.write_record(
        writer.create_warcinfo_record(
            "page.warc.gz",
            {
                "software": f"{software}; {captured.rendering.browser}",
                "format": "WARC File Format 1.1",
                "http-header-user-agent": captured.rendering.user_agent,
                "description": f"Capture of {captured.document.url}",
            },
        )
    )
    for exchange in captured.exchanges:
        _write(writer, exchange)
    return out.getvalue()


def _write(writer: WARCWriter, exchange: Exchange) -> None:
    about = {"WARC-Date": warc_date(exchange.at)}
    if exchange.address:
        about["WARC-IP-Address"] = exchange.address
    response = writer.create_warc_record(
        exchange.url,
        "response",
        payload=io.BytesIO(exchange.body),
        length=len(exchange.body),
        warc_headers_dict={**about, "WARC-Payload-Digest": f"sha256:{exchange.sha256}"},
        http_headers=StatusAndHeaders(str(exchange.status), response_headers(exchange), protocol="HTTP/1.1"),
    )
    request = writer.create_warc_record(
        exchange.url,
        "request",
        warc_headers_dict=dict(about),
        http_headers=StatusAndHeaders(request_line(exchange.url), request_headers(exchange), is_http_request=True),
    )
    writer.write_request_response_pair(request, response)


def warc_date(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def request_line(url: str) -> str:
    parts = urlsplit(url)
    return f"GET {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1"


def request_headers(exchange: Exchange) -> list[tuple[str, str]]:
    return [("host", urlsplit(exchange.url).netloc), *exchange.request_headers.items()]


def response_headers(exchange: Exchange) -> list[tuple[str, str]]:
    kept = [(ORIGINAL + name if name in TRAVELLING else name, value) for name, value in exchange.headers.items()]
    return [*kept, ("content-length", str(len(exchange.body)))]
