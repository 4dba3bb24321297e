"""Which names an object may have: plain segments, so that a name means the same in a folder and in a bucket."""

import re

MAX_NAME = 512  # S3 allows 1,024 bytes; ours have at most 110
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


def checked(name: str) -> str:
    """The name itself. Raises `ValueError` for one that could leave the store, hide in it or be spelt differently."""
    if len(name) > MAX_NAME or not all(_SEGMENT.fullmatch(segment) for segment in name.split("/")):
        raise ValueError(
            f"object name {name[:80]!r}: use segments of letters, digits, '_', '-' and '.' (not at their beginning), "
            f"separated by single '/', {MAX_NAME} characters at most"
        )
    return name
