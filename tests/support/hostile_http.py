"""Answers that break HTTP, or abuse it."""

from __future__ import annotations

import gzip
import zlib
from functools import cache

import brotli
import zstandard

from tests.support.hostile import (
    Answer,
    Case,
    broken_off,
    endless,
    front,
    http,
    page,
    redirect,
    reset,
    robots,
    silent,
)

BOMB = bytes(30 * 1024 * 1024)  # fifteen times what a page may have
ZEROS_PACKED = gzip.compress(BOMB, 9)
START = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = START + b"Transfer-Encoding: chunked\r\n\r\n"
MORE = b"<p>still here</p>" * 4096


def packed(body: bytes, encoding: str) -> dict[str, Answer]:
    return front(http(body, f"Content-Encoding: {encoding}"))


@cache
def bombs() -> list[Case]:
    deflate = zlib.compress(BOMB, 9)
    return [
        Case("gzip-bomb", packed(ZEROS_PACKED, "gzip"), "bomb"),
        Case("deflate-bomb", packed(deflate, "deflate"), "bomb"),
        Case("brotli-bomb", packed(brotli.compress(BOMB, quality=5), "br"), "bomb"),
        Case("zstd-bomb", packed(zstandard.compress(BOMB), "zstd"), "bomb"),
        Case("gzip-twice", packed(gzip.compress(ZEROS_PACKED), "gzip, gzip"), "bomb"),
        Case("gzip-three-deep", packed(gzip.compress(gzip.compress(ZEROS_PACKED)), "gzip, gzip, gzip"), "encoding"),
        Case("gzip-many-members", packed(gzip.compress(bytes(60_000)) * 200, "gzip"), "cut|", told=None),
        Case("unknown-encoding", packed(page(), "compress"), "encoding"),
        Case("gzip-broken", packed(gzip.compress(page())[:12] + bytes(40), "gzip"), "encoding"),
        Case("gzip-that-is-none", packed(page(), "gzip"), "encoding"),
        Case("brotli-broken", packed(b"\xff" * 200, "br"), "encoding"),
    ]


def bodies() -> list[Case]:
    length = "Content-Length: {}\r\n"
    text = page()
    return [
        Case("endless-body", front(endless(START + b"\r\n", MORE)), "cut", told=None),
        Case("endless-chunks", front(endless(CHUNKED, b"10000\r\n" + bytes(0x10000) + b"\r\n")), "cut", told=None),
        Case("tiny-chunks", front(endless(CHUNKED, b"1\r\nx\r\n" * 20_000)), "protocol"),
        Case("drip-body", front(endless(START + b"\r\n", b"x", 0.05)), "slow"),
        Case("drip-chunks", front(endless(CHUNKED, b"1\r\nx\r\n", 0.05)), "slow"),
        Case("too-long", front(http(b"x" * 3_000_000)), "cut", told=None),
        Case("length-says-huge", front(START + b"Content-Length: 99999999999\r\n\r\n<p>"), "timeout|slow"),
        Case("length-says-more", front(broken_off(START + length.format(5000).encode() + b"\r\n" + text)), "truncated"),
        Case(
            "length-says-less",
            front(START + length.format(len(text)).encode() + b"\r\n" + text + b"<p>more"),
            told=True,
        ),
        Case("length-negative", front(START + b"Content-Length: -1\r\n\r\n" + text), "protocol"),
        Case("length-in-letters", front(START + b"Content-Length: many\r\n\r\n" + text), "protocol"),
        Case("length-twice", front(START + b"Content-Length: 10\r\nContent-Length: 300\r\n\r\n" + text), "protocol"),
        Case("chunk-size-broken", front(CHUNKED + b"zz\r\n" + text), "protocol"),
        Case("chunk-size-overflows", front(CHUNKED + b"fffffffffffffffff\r\n" + text), "protocol"),
        Case("chunks-unfinished", front(broken_off(CHUNKED + b"5\r\n<p>a<\r\n")), "truncated"),
        Case("chunk-extension", front(endless(CHUNKED + b"5;", b"x" * 65_536)), "protocol"),
    ]


def headers() -> list[Case]:
    many = b"".join(b"X-Lantern-%d: gate\r\n" % number for number in range(20_000))
    cookies = b"Set-Cookie: lantern=%s; Path=/\r\n" % (b"x" * 4_000)
    text = page()
    end = b"Content-Length: %d\r\n\r\n" % len(text) + text
    return [
        Case("endless-headers", front(endless(START, b"X-Lantern: gate\r\n" * 100)), "headers"),
        Case("header-flood", front(START + many + end), "headers"),
        Case("huge-header", front(START + b"X-Lantern: " + b"x" * 2_000_000 + b"\r\n" + end), "headers"),
        Case("cookie-flood", front(START + cookies * 1_000 + end), "headers"),
        Case("drip-headers", front(endless(START, b"X", 0.05)), "slow"),
        Case("nul-in-header", front(START + b"X-Lantern: a\0b\r\n" + end), "protocol"),
        Case("header-without-colon", front(START + b"lantern\r\n" + end), "protocol"),
        Case("odd-etag", front(http(text, 'ETag: "' + "x" * 9_000 + '"', "Last-Modified: never")), told=True),
        Case("continue-flood", front(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100)), "protocol|headers"),
        Case(
            "upgrades",
            front(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: lantern\r\n\r\n\x00\x01"),
            "protocol",
        ),
        Case("status-999", front(http(text, status="999 Lantern")), "status 999"),
        Case("status-no-number", front(b"HTTP/1.1 abc OK\r\n\r\n" + text), "protocol"),
        Case("http-0.9", front(broken_off(text)), "protocol"),
        Case("another-protocol", front(broken_off(b"SSH-2.0-lantern\r\n")), "protocol"),
        Case("binary", front(broken_off(bytes(range(256)) * 50)), "protocol"),
        Case("nothing", front(broken_off(b"")), "protocol"),
        Case("reset", front(reset), "protocol"),
        Case("silent", front(silent), "timeout"),
    ]


def redirects() -> list[Case]:
    ring = {f"/{number}": redirect(f"/{number + 1}") for number in range(400)}
    return [
        Case("redirect-to-itself", front(redirect("/"))),
        Case("endless-redirects", {"/": redirect("/0"), **ring}),
        Case("robots-in-a-ring", robots(redirect("/robots.txt")), told=True),
        Case("redirect-to-no-url", front(redirect("http://[::1")), "status 302"),
        Case("redirect-without-end", front(redirect("http://a.test/" + "a" * 100_000)), "headers"),
    ]  # fmt: skip


def robots_txt(port: int) -> list[Case]:
    plain = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
    rules = b"User-agent: *\nDisallow: /hidden/" + b"x" * 900 + b"\n"
    nested = gzip.compress(b'<?xml version="1.0"?><urlset>' + b"<url><loc>/a</loc></url>" * 600_000)
    index = '<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</sitemapindex>'
    deeper = index.format("".join(f"<sitemap><loc>/map-{number}.xml</loc></sitemap>" for number in range(20)))
    return [
        Case("robots-endless", robots(endless(plain, rules * 100)), told=True),
        Case("robots-100-mb", robots(endless(plain, rules * 1_000)), told=True),
        Case("robots-500", robots(http(b"", status="500 Error")), "robots.*status 500"),
        Case("robots-silent", robots(silent), "robots.*timeout"),
        Case("robots-binary", robots(http(bytes(range(256)) * 40, kind="text/plain")), told=True),
        Case("robots-bomb", robots(http(ZEROS_PACKED, "Content-Encoding: gzip", kind="text/plain")), "robots.*bomb"),
        Case(
            "sitemap-bomb",
            {
                "/robots.txt": http(
                    f"Sitemap: http://sitemap-bomb.hostile.test:{port}/map.xml\n".encode(), kind="text/plain"
                ),
                "/": http(page()),
                "/map.xml": http(nested, "Content-Encoding: gzip", kind="application/xml"),
            },
            told=True,
        ),
        Case(
            "sitemap-nested",
            {
                "/robots.txt": http(
                    f"Sitemap: http://sitemap-nested.hostile.test:{port}/map.xml\n".encode(), kind="text/plain"
                ),
                "/": http(page()),
                "*": http(deeper.encode(), kind="application/xml"),
            },
            told=True,
        ),
    ]


def sitemap(name: str, port: int) -> Answer:
    """A robots.txt that names one."""
    return http(f"Sitemap: http://sitemap-{name}.hostile.test:{port}/map.xml\n".encode(), kind="text/plain")


def http_cases(port: int) -> list[Case]:
    return [*bombs(), *bodies(), *headers(), *redirects(), *robots_txt(port)]
