"""Pictures that are none, or would fill the memory of whoever draws them."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

from PIL import Image

from tests.support.findings import picture_file
from tests.support.hostile import TEXT, Case, endless, http, page

ENTITIES = "".join(f'<!ENTITY l{number + 1} "{f"&l{number};" * 10}">' for number in range(9))
SVG = (
    f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY l0 "lantern">{ENTITIES}'
    '<!ENTITY file SYSTEM "file:///etc/hostname">]>'
    '<svg xmlns="http://www.w3.org/2000/svg"><script>fetch("http://127.0.0.1/")</script><text>&l9;&file;</text></svg>'
)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pixel_bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """Nine hundred million pixels in some hundred kilobytes."""
    row = b"\0" + bytes(width // 8)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    """A small picture with a text that unpacks to 30 MB."""
    plain = picture_file(format="PNG")
    text = chunk(b"zTXt", b"lantern\0\0" + zlib.compress(bytes(30 * 1024 * 1024), 9))
    return plain[:33] + text + plain[33:]


def frame_bomb(frames: int = 2_000) -> bytes:
    """A GIF of many large frames that are all the same."""
    out = io.BytesIO()
    Image.new("P", (2_000, 2_000)).save(out, "GIF")
    still = out.getvalue()
    image = still[still.index(b"\x2c\0\0\0\0") : -1]
    return still[:-1] + image * (frames - 1) + b";"


def _case(name: str, body: bytes, kind: str, pictures: int | None, outcome: str = "") -> Case:
    shown = page(f'<p>{TEXT}</p><img src="/shown">')
    return Case(name, {"/": http(shown), "/shown": http(body, kind=kind)}, outcome, told=True, pictures=pictures)


@cache
def media_cases() -> list[Case]:
    jpeg = picture_file()
    webp, avif = picture_file(format="WEBP"), picture_file(format="AVIF")
    missing = "1 pictures could not be fetched"
    shown = page(f'<p>{TEXT}</p><img src="/shown">')
    forever = endless(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg, bytes(65_536))
    return [
        _case("pixel-bomb", pixel_bomb(), "image/png", None),
        _case("text-bomb", text_bomb(), "image/png", None),
        _case("frame-bomb", frame_bomb(), "image/gif", None),
        _case("jpeg-truncated", jpeg[: len(jpeg) // 2], "image/jpeg", 1),
        _case("jpeg-only-begins", jpeg[:20], "image/jpeg", None),
        _case("polyglot", jpeg + b"PK\x03\x04<script>lantern()</script>", "image/gif", 1),
        _case("webp-broken", webp[:40] + bytes(400), "image/webp", None),
        _case("avif-broken", avif[:60] + b"\xff" * 400, "image/avif", None),
        _case("heic-broken", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\xff" * 400, "image/heic", None),
        _case("svg-with-entities", SVG.encode(), "image/svg+xml", None),
        _case("page-as-picture", page(), "image/png", None),
        _case("empty-picture", b"", "image/png", None),
        _case("tiff-in-a-ring", b"II*\0\x08\0\0\0" + b"\x01\0" + bytes(12) + b"\x08\0\0\0", "image/tiff", None),
        Case("endless-picture", {"/": http(shown), "/shown": forever}, missing, told=True, pictures=0),
    ]  # fmt: skip
