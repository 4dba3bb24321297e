"""Pictures as reviewers first see them: small, grey, blurred beyond recognition (for guarded children, when the picture
is of the web)."""

import io

from PIL import Image, ImageFilter, UnidentifiedImageError

from shared.prints.opening import opened

# What browsers show; anything else is sealed as it is, without a preview.
FORMATS = {
    "JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp", "BMP": "image/bmp",
    "AVIF": "image/avif", "HEIF": "image/heif",
}  # fmt: skip
EXTENSIONS = {kind: kind.partition("/")[2].replace("jpeg", "jpg") for kind in FORMATS.values()}
UNKNOWN = "application/octet-stream"
MAX_PIXELS = 50_000_000  # 150 MB decoded; cameras make up to 48 million
PREVIEW = 320  # pixels of the longer side
BLUR = 12  # radius in those pixels: faces and lettering go, the arrangement of light and dark stays
QUALITY = 60


def media_type(data: bytes) -> str:
    """By its bytes, never by what the server called it."""
    try:
        with opened(data, lenient=True, formats=tuple(FORMATS)) as image:
            return FORMATS[str(image.format)]
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return UNKNOWN


def blurred(data: bytes) -> bytes | None:
    """A JPEG; None for what cannot be decoded within bounds."""
    try:
        with opened(data, lenient=True, formats=tuple(FORMATS)) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            image.draft("L", (PREVIEW * 2, PREVIEW * 2))  # JPEG: decodes at a fraction of its size, ten times as fast
            grey = image.convert("RGBA").convert("L") if "transparency" in image.info else image.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    grey.thumbnail((PREVIEW, PREVIEW))
    out = io.BytesIO()
    grey.filter(ImageFilter.GaussianBlur(BLUR)).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
