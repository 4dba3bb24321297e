"""What each file of the evidence is, by its name, and which of them may be shown how (pure)."""

import re

from shared.events.values import SealedObject

BLURRED = "-blurred.jpg"
REDACTED = "screenshot-redacted.jpg"  # the page with every picture in it blurred
WIREFRAME = "layout.svg"  # boxes only: no text, no picture
TEXT = "text.txt"
# What a browser can only paint: no format that carries scripts or links.
SHOWN_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
SVG = "image/svg+xml"

# Code of the message table, and the names that it stands for.
KINDS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("blurred", r".+-blurred\.jpg"),
        ("redacted", r"screenshot-redacted\.jpg"),
        ("visible", r"screenshot-visible\.jpg"),
        ("screenshot", r"screenshot\.jpg"),
        ("picture", r"picture-\d+\..+"),
        ("video", r"video-\d+\..+"),
        ("archive", r"page\.(wacz|warc\.gz)"),
        ("html", r"page\.html"),
        ("text", r"text\.txt"),
        ("wireframe", r"layout\.svg"),
        ("second", r"second\.warc\.gz"),
        ("tls", r"tls\.pem"),
        ("dns", r"dns\.json"),
        ("rdap", r"rdap(-elsewhere)?\.json"),
        ("step", r"step-.+\.json"),
        ("manifest", r"manifest\.json"),
    )
)


def kind(name: str) -> str:
    """`other` for a name that a newer capture gave."""
    return next((kind for kind, pattern in KINDS if pattern.fullmatch(name)), "other")


def blurred_name(name: str) -> str:
    """screenshot.jpg → screenshot-blurred.jpg, picture-1.png → picture-1-blurred.jpg"""
    return f"{name.rpartition('.')[0]}{BLURRED}"


def pairs(objects: tuple[SealedObject, ...]) -> list[SealedObject]:
    """The unblurred pictures that have a blurred twin, the screenshot last: a page shows more than what is at issue."""
    names = {item.name for item in objects}
    shown = [
        item
        for item in objects
        if item.media_type in SHOWN_TYPES and not covered(item) and blurred_name(item.name) in names
    ]
    return sorted(shown, key=lambda item: (item.name.startswith("screenshot"), item.name))


def stand_in(name: str, objects: tuple[SealedObject, ...]) -> str:
    """What is shown in the place of an unblurred picture: of the page, the one that can still be read."""
    if name == "screenshot.jpg" and any(item.name == REDACTED for item in objects):
        return REDACTED
    return blurred_name(name)


def covered(item: SealedObject) -> bool:
    """Whether it may be shown without asking why: blurred, redacted, or no picture of the page at all."""
    if item.media_type in SHOWN_TYPES:
        return item.name.endswith(BLURRED) or item.name == REDACTED
    return wireframe(item)


def wireframe(item: SealedObject) -> bool:
    return item.name == WIREFRAME and item.media_type == SVG


def paintable(item: SealedObject) -> bool:
    return item.media_type in SHOWN_TYPES or wireframe(item)
