"""Traffic as a web archive: WARC 1.1 (ISO 28500:2017), gzip a record, readable by any replay tool.

The same input gives the same bytes: ids are made of what they name, dates are the capture's.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from haetae_verify.canonical import digest
from services.evidence.archive.fields import Fields, connection, media_type, record_id, target, warc_date
from services.evidence.archive.heads import BREAKS, Head, request_head, response_head
from services.evidence.archive.members import Members, Sink
from services.evidence.domain import Exchange

VERSION = "WARC/1.1"
CONFORMS_TO = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
SAME_BODY = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
# A body that came before is told of, not written again, from this size on: what tells of it takes 0.2 KB.
REVISITED = 1024
NOTHING = digest(b"")


@dataclass(frozen=True)
class Written:
    """A record as an index names it: `offset` and `length` of its gzip member. `status`: None for what is no answer."""

    url: str
    at: datetime
    media_type: str
    status: int | None
    sha256: str
    offset: int
    length: int


class Warc:
    """Writes as it is told, and holds one record at a time.

    `most`: bytes of all bodies and heads. An answer beyond them is kept without its body (`WARC-Truncated: length`), a
    resource not at all; `left_out` has the addresses of both.
    """

    def __init__(self, out: Sink, name: str, at: datetime, about: Mapping[str, str], most: int) -> None:
        """`about`: the fields of the warcinfo record, which is written at once."""
        self._members = Members(out)
        self._writer = WARCWriter(self._members, gzip=False, warc_version=VERSION)
        self._left = most
        self._before: dict[str, Fields] = {}  # what a revisit says of the first record with that body
        self.left_out: list[str] = []
        told = {**about, "format": "WARC File Format 1.1", "conformsTo": CONFORMS_TO}
        lines = "".join(f"{field}: {BREAKS.sub(' ', value)}\r\n" for field, value in told.items()).encode()
        self._info = record_id(name, warc_date(at), digest(lines))
        fields = [("WARC-Record-ID", self._info), ("WARC-Filename", name), ("WARC-Date", warc_date(at))]
        self._write("warcinfo", "application/warc-fields", fields, lines)

    def exchange(self, exchange: Exchange) -> Written:
        """A response (or a revisit) and its request."""
        start, url = self._members.at, target(exchange.url)
        id = record_id(url, warc_date(exchange.at), exchange.sha256, start)
        kind, body, sha256, more = self._kept(exchange, url, id)
        common = [
            ("WARC-Target-URI", url),
            ("WARC-Date", warc_date(exchange.at)),
            ("WARC-Warcinfo-ID", self._info),
            *connection(exchange),
        ]
        fields = [("WARC-Record-ID", id), *common, *more, ("WARC-Payload-Digest", f"sha256:{sha256}")]
        self._write(kind, "application/http; msgtype=response", fields, body, response_head(exchange))
        length = self._members.at - start
        fields = [("WARC-Record-ID", record_id("request", id)), *common, ("WARC-Concurrent-To", id)]
        self._write("request", "application/http; msgtype=request", fields, b"", request_head(exchange))
        mime = "warc/revisit" if kind == "revisit" else media_type(exchange.headers.get("content-type", ""))
        return Written(url, exchange.at, mime, exchange.status, sha256, start, length)

    def resource(self, url: str, data: bytes, content_type: str, at: datetime) -> Written | None:
        """What was made of the page (a screenshot, its text), under an address of its own; None when too much."""
        if not self._fits(data, url):
            return None
        start, sha256 = self._members.at, digest(data)
        fields = [
            ("WARC-Record-ID", record_id(url, warc_date(at), sha256)),
            ("WARC-Target-URI", url),
            ("WARC-Date", warc_date(at)),
            ("WARC-Warcinfo-ID", self._info),
            ("WARC-Payload-Digest", f"sha256:{sha256}"),
        ]
        self._write("resource", content_type, fields, data)
        return Written(url, at, media_type(content_type), None, sha256, start, self._members.at - start)

    def _kept(self, exchange: Exchange, url: str, id: str) -> tuple[str, bytes, str, Fields]:
        """Kind of record, body, its digest, and the fields that say what became of the body."""
        body, sha256 = exchange.body, exchange.sha256
        if before := self._before.get(sha256):
            return "revisit", b"", sha256, before
        if not self._fits(body, url):
            return "response", b"", NOTHING, [("WARC-Truncated", "length")]
        if len(body) >= REVISITED:
            first = [("Refers-To", id), ("Refers-To-Target-URI", url), ("Refers-To-Date", warc_date(exchange.at))]
            self._before[sha256] = [("WARC-Profile", SAME_BODY), *((f"WARC-{name}", value) for name, value in first)]
        return "response", body, sha256, [("WARC-Truncated", "length")] if exchange.cut else []

    def _fits(self, data: bytes, url: str) -> bool:
        if len(data) > self._left:
            self.left_out.append(url)
            return False
        self._left -= len(data)
        return True

    def _write(self, kind: str, content_type: str, fields: Fields, data: bytes, head: Head | None = None) -> None:
        block = hashlib.sha256()
        if head:
            head.compute_headers_buffer()
            block.update(head.headers_buff)
        block.update(data)
        given = dict(fields)
        fields = [("WARC-Type", kind), *fields, ("WARC-Block-Digest", f"sha256:{block.hexdigest()}")]
        if "WARC-Payload-Digest" not in given:  # warcio would add one of its own, by SHA-1
            fields.append(("WARC-Payload-Digest", f"sha256:{digest(data)}"))
        record = self._writer.create_warc_record(
            given.get("WARC-Target-URI", ""),
            kind,
            payload=io.BytesIO(data),
            length=len(data),
            warc_content_type=content_type,
            warc_headers=StatusAndHeaders("", fields, protocol=VERSION),
            http_headers=head,
        )
        self._left -= len(head.headers_buff) if head else 0
        self._writer.write_record(record)
