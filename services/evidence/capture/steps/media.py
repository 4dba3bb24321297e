"""The finding's pictures and videos: originals, digests, perceptual hashes, and whether they are as found."""

import asyncio

from haetae_verify.canonical import digest
from services.evidence.capture.looking import Looked
from services.evidence.capture.media import Had, Originals
from services.evidence.capture.pictures import EXTENSIONS
from services.evidence.capture.steps.requests import short
from services.evidence.capture.work import Json, Made, Work
from services.evidence.domain import File, clean
from shared.events.values import Picture, Video
from shared.prints.digests import digests

# By the bytes at a place of the file; what else there is is sealed under a neutral name.
CONTAINERS = (
    (4, b"ftyp", "mp4", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "webm", "video/webm"),
    (0, b"OggS", "ogv", "video/ogg"),
    (8, b"AVI ", "avi", "video/x-msvideo"),
    (0, b"FLV", "flv", "video/x-flv"),
)
OTHER = ("bin", "application/octet-stream")


async def media(work: Work) -> Made:
    finding = work.event.finding
    originals = Originals(work.traffic, work.page, work.drawn.html)
    pictures = await asyncio.gather(
        *(_picture(number, one, originals, work) for number, one in enumerate(finding.pictures, start=1))
    )
    videos = [  # one after the other: each may be as large as an object can be
        await _video(number, one, originals) for number, one in enumerate(finding.videos, start=1)
    ]
    return Made(
        tuple(file for made in (*pictures, *videos) for file in made.files),
        {"pictures": [made.facts for made in pictures], "videos": [made.facts for made in videos]},
    )


async def _picture(number: int, found: Picture, originals: Originals, work: Work) -> Made:
    had = await originals.picture(found)
    facts = _facts(number, found, had)
    if had.data is None:
        return Made(facts=facts)
    seen, name = await work.look(had.data), f"picture-{number}"
    files = [File(f"{name}.{EXTENSIONS.get(seen.media_type, 'bin')}", had.data, seen.media_type)]
    if seen.preview:
        files.append(File(f"{name}-blurred.jpg", seen.preview, "image/jpeg"))
    return Made(tuple(files), {**facts, "object": files[0].name, "alike": seen.shows(found), **hashes(seen)})


def hashes(seen: Looked) -> dict[str, Json]:
    return {
        "width": seen.width,
        "height": seen.height,
        "pdq": seen.pdq,
        "pdq_quality": seen.pdq_quality,
        "phash": seen.phash,
    }


async def _video(number: int, found: Video, originals: Originals) -> Made:
    had = await originals.video(found)
    facts = _facts(number, found, had)
    if had.data is None:
        return Made(facts=facts)
    ending, kind = _container(had.data)
    file = File(f"video-{number}.{ending}", had.data, kind)
    return Made((file,), {**facts, "object": file.name, "cut": had.cut})


def _container(data: bytes) -> tuple[str, str]:
    """Ending and media type."""
    return next(((ending, kind) for at, mark, ending, kind in CONTAINERS if data.startswith(mark, at)), OTHER)


def _facts(number: int, found: Picture | Video, had: Had) -> dict[str, Json]:
    about: dict[str, Json] = {
        "number": number,
        "url": short(found.url),
        "found_sha256": found.sha256,
        "object": None,
        "by_page": had.by_page,
        "note": clean(had.note),
    }
    if had.data is None:
        return {**about, "sha256": None, "md5": None, "as_found": False}
    named = digests(had.data)
    as_found = found.sha256 in (named.sha256, _of_beginning(found, had.data))
    return {**about, "sha256": named.sha256, "md5": named.md5, "as_found": as_found}


def _of_beginning(found: Picture | Video, data: bytes) -> str:
    """The crawler has only so much of a long video."""
    return digest(data[: found.bytes]) if isinstance(found, Video) and found.cut else ""
