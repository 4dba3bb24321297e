"""Archiving a capture: MB/s of CPU from exchanges to WARC records, beside warcio as it comes.

One page, eight procedural pictures with noise as photographs have, six scripts. The floor is what no record can do
without: SHA-256 of the block and of the payload, and packing (isal, level 1).
"""

import hashlib
import io
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from isal import isal_zlib
from PIL import Image
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from benchmarks.harness import Figure, alone
from benchmarks.web.pages import Web, page
from services.evidence.archive.wacz import Contents, Page, Resource, pack
from services.evidence.archive.warc import Warc
from services.evidence.domain import Exchange

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
ROUNDS, QUICK_ROUNDS = 15, 5
PICTURES, SCRIPTS = 8, 6


def measure(quick: bool, home: Path) -> Figure:
    del home  # nothing is kept
    exchanges = _exchanges()
    size = sum(len(exchange.body) for exchange in exchanges)
    rounds = QUICK_ROUNDS if quick else ROUNDS
    ways = {"ours": _ours, "warcio": _warcio, "floor": _floor, "wacz": _wacz}
    took = {name: _best(way, exchanges, rounds) for name, way in ways.items()}
    rate = {name: round(size / seconds / 1e6, 1) for name, seconds in took.items()}
    return Figure(
        name="archiving",
        unit="MB/s of CPU, of bodies",
        ours=rate["ours"],
        peers={"warcio": rate["warcio"]},
        floor=rate["floor"],
        lower_is_better=False,
        bound_by="text being packed; two SHA-256 of each body; 0.1 ms of Python a record",
        detail={
            "bytes": size,
            "exchanges": len(exchanges),
            "packed": len(_ours(exchanges)),
            "packed_by_warcio": len(_warcio(exchanges)),
            "wacz_ms": round(took["wacz"] * 1000, 1),
        },
    )


def _best(way: Callable[[Sequence[Exchange]], bytes], exchanges: Sequence[Exchange], rounds: int) -> float:
    def once() -> float:
        start = time.process_time()
        way(exchanges)
        return time.process_time() - start

    return min(once() for _ in range(rounds))


def _ours(exchanges: Sequence[Exchange]) -> bytes:
    out = io.BytesIO()
    warc = Warc(out, "data.warc.gz", AT, {"software": "Haetae"}, most=1 << 30)
    for exchange in exchanges:
        warc.exchange(exchange)
    return out.getvalue()


def _warcio(exchanges: Sequence[Exchange]) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
    for exchange in exchanges:
        head = StatusAndHeaders("200 OK", list(exchange.raw_headers), protocol="HTTP/1.1")
        body = io.BytesIO(exchange.body)
        response = writer.create_warc_record(
            exchange.url, "response", payload=body, length=len(exchange.body), http_headers=head
        )
        asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "h.test")], is_http_request=True)
        request = writer.create_warc_record(exchange.url, "request", http_headers=asked)
        writer.write_request_response_pair(request, response)
    return out.getvalue()


def _floor(exchanges: Sequence[Exchange]) -> bytes:
    packed = []
    for exchange in exchanges:
        hashlib.sha256(exchange.body).digest()
        hashlib.sha256(exchange.body).digest()
        packed.append(isal_zlib.compress(exchange.body, 1))
    return b"".join(packed)


def _wacz(exchanges: Sequence[Exchange]) -> bytes:
    """With screenshot and text, as a capture packs it."""
    page = Page(exchanges[0].url, "A page", "words " * 500, AT, "case")
    made = (Resource("text", b"words " * 500, "text/plain"), Resource("fullPage", exchanges[1].body, "image/jpeg"))
    return pack(page, Contents(exchanges, made), {"software": "Haetae"}, AT).data


def _exchanges() -> list[Exchange]:
    html = page(0, Web(hosts=1, pages=20)).encode()
    chance = random.Random(1)
    photographs = [_photograph(chance) for _ in range(PICTURES)]
    return [
        _exchange("http://h.test/", html, "text/html"),
        *(_exchange(f"http://h.test/{n}.jpg", data, "image/jpeg") for n, data in enumerate(photographs)),
        *(_exchange(f"http://h.test/{n}.js", html[n * 1000 :][:30_000], "text/javascript") for n in range(SCRIPTS)),
    ]


def _photograph(chance: random.Random) -> bytes:
    out = io.BytesIO()
    noise = Image.frombytes("RGB", (700, 500), chance.randbytes(700 * 500 * 3))
    Image.blend(noise, Image.linear_gradient("L").resize((700, 500)).convert("RGB"), 0.5).save(out, "JPEG", quality=80)
    return out.getvalue()


def _exchange(url: str, body: bytes, kind: str) -> Exchange:
    raw = (
        ("Content-Type", kind),
        ("Date", "Sun, 22 Nov 2026 09:00:00 GMT"),
        ("Server", "nginx"),
        ("Set-Cookie", "a=b"),
    )
    headers = {name.lower(): value for name, value in raw}
    return Exchange(url, 200, {"user-agent": "Chrome"}, headers, body, "127.0.0.1", AT, raw_headers=raw)


if __name__ == "__main__":
    alone(measure)
