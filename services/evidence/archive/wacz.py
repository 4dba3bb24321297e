"""The capture as one file that ReplayWeb.page opens: WACZ 1.1.1 (specs.webrecorder.net/wacz/1.1.1).

The same input gives the same bytes. The archive goes into the ZIP as it is made, a record at a time.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from haetae_verify.canonical import canonical, moment
from services.evidence.archive.fields import target
from services.evidence.archive.index import index
from services.evidence.archive.members import Sink
from services.evidence.archive.warc import Warc, Written
from services.evidence.domain import Exchange

NAME = "page.wacz"
MEDIA_TYPE = "application/wacz"
WACZ_VERSION = "1.1.1"
WARC_NAME = "data.warc.gz"
# Of bodies and heads, all of which might not pack at all: an object of the vault has 32 MiB, and what is beside them in
# the file (index, pages) stays under 2.
MOST = 29 * 1024 * 1024
SEARCHED = 200_000  # characters of the page's text in the list of pages, for its search; the whole is a record


@dataclass(frozen=True)
class Page:
    """`url` answered at `at`; `case`: what the archive was made for."""

    url: str
    title: str
    text: str
    at: datetime
    case: str


@dataclass(frozen=True)
class Resource:
    """Made of the page: `urn:KIND:URL`, as browsertrix names them."""

    kind: str
    data: bytes
    media_type: str


@dataclass(frozen=True)
class Packed:
    """`left_out`: how many bodies and resources were too much."""

    data: bytes
    records: int
    left_out: int


@dataclass(frozen=True)
class Contents:
    """In the order of what must not be missing. `beside`: what was asked for besides the page, and is sealed as files
    of its own: of a large video there is the head only."""

    exchanges: Sequence[Exchange]
    resources: Sequence[Resource] = ()
    beside: Sequence[Exchange] = ()


def pack(page: Page, contents: Contents, about: Mapping[str, str], at: datetime) -> Packed:
    """`about`: fields of the warcinfo record; `software` also stands in the package. CPU: call it in a thread."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        listed: list[dict[str, object]] = []
        with package.open(_entry(f"archive/{WARC_NAME}"), "w") as entry:
            sink = Listed(entry)
            warc = Warc(sink, WARC_NAME, at, about, MOST)
            records = _records(warc, page, contents, at)
        listed.append(sink.resource(f"archive/{WARC_NAME}"))
        for path, data in (
            ("indexes/index.cdx", index(records, WARC_NAME)),
            ("pages/pages.jsonl", pages(page)),
        ):
            listed.append(_write(package, path, data))
        described = datapackage(page, listed, about.get("software", ""), at)
        _write(package, "datapackage.json", described)
        digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(described).hexdigest()}"}
        _write(package, "datapackage-digest.json", canonical(digest))
    return Packed(out.getvalue(), len(records), len(warc.left_out))


def pages(page: Page) -> bytes:
    """The one page, with text to search in."""
    head = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True}
    one = {
        "id": page.case,
        "url": target(page.url),
        "ts": moment(page.at),
        "title": readable(page.title),
        "text": readable(page.text[:SEARCHED]),
    }
    return "".join(json.dumps(line) + "\n" for line in (head, one)).encode()


def datapackage(page: Page, resources: Sequence[Mapping[str, object]], software: str, at: datetime) -> bytes:
    return canonical(
        {
            "profile": "data-package",
            "wacz_version": WACZ_VERSION,
            "title": readable(page.title) or target(page.url),
            "created": moment(at),
            "software": software,
            "mainPageUrl": target(page.url),
            "mainPageDate": moment(page.at),
            "resources": resources,
        }
    )


def readable(text: str) -> str:
    """Without halves of surrogate pairs, which a page may hold and UTF-8 may not."""
    return text.encode(errors="replace").decode()


class Listed:
    """Into a sink, and into the digest and size that the package lists."""

    def __init__(self, out: Sink) -> None:
        self._out, self._digest, self._bytes = out, hashlib.sha256(), 0

    def write(self, data: bytes, /) -> None:
        self._out.write(data)
        self._digest.update(data)
        self._bytes += len(data)

    def resource(self, path: str) -> dict[str, object]:
        name = path.rpartition("/")[2]
        return {"name": name, "path": path, "hash": f"sha256:{self._digest.hexdigest()}", "bytes": self._bytes}


def _records(warc: Warc, page: Page, contents: Contents, at: datetime) -> list[Written]:
    traffic = [warc.exchange(exchange) for exchange in contents.exchanges]
    url = target(page.url)
    made = [warc.resource(f"urn:{item.kind}:{url}", item.data, item.media_type, at) for item in contents.resources]
    beside = [warc.exchange(exchange) for exchange in contents.beside]
    return [*traffic, *filter(None, made), *beside]


def _write(package: zipfile.ZipFile, path: str, data: bytes) -> dict[str, object]:
    with package.open(_entry(path, zipfile.ZIP_DEFLATED), "w") as entry:
        sink = Listed(entry)
        sink.write(data)
    return sink.resource(path)


def _entry(path: str, compression: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    """Dated 1980, as every entry that is given no date. WARCs are packed already, and must be stored."""
    entry = zipfile.ZipInfo(path)
    entry.compress_type, entry.create_system, entry.external_attr = compression, 3, 0o644 << 16
    return entry
