"""The index of an archive: CDXJ, a line a record, sorted (pywb's form, which WACZ 1.1.1 names)."""

import json
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from services.evidence.archive.warc import Written

WWW = re.compile(r"^(https?://)www\d*\.")
USUAL_PORTS = {"http": 80, "https": 443}


def index(records: Iterable[Written], archive: str) -> bytes:
    """`archive`: the file's name under `archive/`."""
    return "".join(sorted(_line(record, archive) for record in records)).encode()


def surt(url: str) -> str:
    """The address in the order of its importance, as replay tools (wabac.js: getSurt) look for it:
    `https://www.b.a.test/x?c&b` → `test,a,b)/x?b&c`. Other schemes stay as they are."""
    if not url.startswith(("http:", "https:")):
        return url
    try:
        parts = urlsplit(WWW.sub(r"\1", url.lower()))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url
    place = ",".join(reversed(host.split(".")))
    if port and port != USUAL_PORTS[parts.scheme]:
        place += f":{port}"
    query = "?" + "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    return f"{place}){parts.path or '/'}{query}"


def _line(record: Written, archive: str) -> str:
    told = {
        "url": record.url,
        "mime": record.media_type,
        "digest": f"sha256:{record.sha256}",
        "length": str(record.length),
        "offset": str(record.offset),
        "filename": archive,
    }
    if record.status is not None:
        told["status"] = str(record.status)
    return f"{surt(record.url)} {record.at:%Y%m%d%H%M%S} {json.dumps(told)}\n"
