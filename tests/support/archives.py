"""Archives read back, by warcio and from a WACZ."""

import io
import json
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from services.evidence.archive.warc import Warc
from services.evidence.domain import Exchange
from tests.support.captures import AT

PLENTY = 1 << 30


def warc(exchanges: Iterable[Exchange], most: int = PLENTY, at: datetime = AT) -> bytes:
    out = io.BytesIO()
    written = Warc(out, "data.warc.gz", at, {"software": "Haetae test"}, most)
    for exchange in exchanges:
        written.exchange(exchange)
    return out.getvalue()


def records(data: bytes) -> list[tuple[Any, bytes]]:
    """Each record with its body as it lies there, all digests checked."""
    stream = ArchiveIterator(io.BytesIO(data), check_digests="raise")
    return [(record, record.raw_stream.read()) for record in stream]


def bodies(data: bytes) -> dict[str, bytes]:
    """Address → body of the answers."""
    return {r.rec_headers.get_header("WARC-Target-URI"): body for r, body in records(data) if r.rec_type == "response"}


def entry(wacz: bytes, path: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(wacz)) as package:
        return package.read(path)


def lines(wacz: bytes, path: str) -> list[dict[str, Any]]:
    """The JSON of each line of a list of pages or of an index."""
    return [json.loads(line[line.index("{") :]) for line in entry(wacz, path).decode().splitlines()]
