"""A QR code as a picture of its own: no style, no script in it."""

import io

import segno

MODULE, QUIET = 4, 4  # a module is 4 units wide; ISO/IEC 18004 asks for a quiet zone of four modules


def qr(text: str) -> bytes:
    """SVG, dark on white also in dark mode: scanners expect it so."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", scale=MODULE, border=QUIET, dark="#000", light="#fff", xmldecl=True, svgclass=None,
        lineclass=None,
    )  # fmt: skip
    return out.getvalue()
