"""Canonical addresses (pure): one page, one name, however a link spells it."""

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

import idna

MAX_URL = 2048  # sitemaps.org sets the same bound; PostgreSQL's indexes take 2,704 bytes, and an address is a key
DEFAULT_PORT = {"http": 80, "https": 443}
# Parameters that say where a visitor came from or who he is, never what the page shows.
TRACKING = re.compile(
    r"^(?:utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|mc_[ce]id|_ga|_gl|phpsessid|jsessionid)$",
    re.IGNORECASE,
)
# Browsers drop tabs and newlines anywhere in an address, and blanks and controls around it (WHATWG URL, 4.4).
DROPPED = re.compile(r"[\t\n\r]")
AROUND = "".join(map(chr, range(0x21)))
PLAIN_HOST = re.compile(r"^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$")
PERCENT = re.compile(r"%([0-9a-fA-F]{2})")
STRAY_PERCENT = re.compile(r"%(?![0-9A-F]{2})")
UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
UNSAFE = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]")


def canonical(url: str, base: str | None = None) -> str | None:
    """The address in its one spelling, joined to `base`; None for what is no web address.

    Lower-case scheme and host, IDNA, no default port, no user, no fragment, no dot segments, percent-encoding only
    where it is needed and in capitals, no tracking parameters; the order of the others may matter and stays.
    """
    cleaned = DROPPED.sub("", url).strip(AROUND).partition("#")[0]
    head, mark, query = cleaned.partition("?")
    cleaned = head.replace("\\", "/") + mark + query
    try:
        parts = urlsplit(urljoin(base, cleaned) if base else cleaned)
        port = parts.port
        host = _host(parts.hostname or "")
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORT or not host:
        return None
    path, query = _path(parts.path), query_of(escaped(parts.query))
    where = host if port in (None, DEFAULT_PORT[parts.scheme]) else f"{host}:{port}"
    made = f"{parts.scheme}://{where}{path}{query}"
    return made if len(made) <= MAX_URL else None


def host_of(url: str) -> str:
    """Of a canonical address, without port. Asked for hundreds of links a page: `urlsplit` costs ten times as much."""
    where = url.partition("//")[2].partition("/")[0]
    return where[1:].partition("]")[0] if where.startswith("[") else where.partition(":")[0]


def path_of(url: str) -> str:
    """Of a canonical address."""
    return url[url.find("/", 8) :].partition("?")[0]


@lru_cache(maxsize=4096)
def _host(host: str) -> str | None:
    """Raises `ValueError` (`idna.IDNAError` is one) for a name that cannot be one."""
    host = host.lower().removesuffix(".")
    if PLAIN_HOST.match(host):
        return host
    if ":" in host:
        return f"[{ipaddress.IPv6Address(host).compressed}]"
    made = idna.encode(host, uts46=True).decode("ascii").removesuffix(".")
    return made if PLAIN_HOST.match(made) else None


def _path(path: str) -> str:
    """Without dot segments (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    segments = escaped(path).split("/")[1:]
    for place, segment in enumerate(segments, 1):
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
        if segment in (".", "..") and place == len(segments):
            kept.append("")
    return "/" + "/".join(kept)


def query_of(escaped: str) -> str:
    """Without tracking, with its question mark; empty when nothing is left."""
    kept = "&".join(part for part in escaped.split("&") if part and not TRACKING.match(part.partition("=")[0]))
    return "?" + kept if kept else ""


def escaped(text: str) -> str:
    """Percent-encoded exactly where it must be. Lone surrogates, which have no UTF-8, become U+FFFD."""
    text = PERCENT.sub(_unescape, text)
    text = STRAY_PERCENT.sub("%25", text)
    return UNSAFE.sub(_escape, text)


def _unescape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in UNRESERVED else match[0].upper()


def _escape(match: re.Match[str]) -> str:
    raw = match[0].encode("utf-8", "surrogatepass")
    if 0xD800 <= ord(match[0]) <= 0xDFFF:
        raw = "\ufffd".encode()
    return "".join(f"%{byte:02X}" for byte in raw)
