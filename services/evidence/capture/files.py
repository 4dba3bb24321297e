"""The files of a capture, the manifest that lists them among them."""

from collections.abc import Iterator

from haetae_verify.manifest import NAME
from services.evidence.archive.warc import archive
from services.evidence.capture.pictures import EXTENSIONS, blurred, media_type
from services.evidence.domain import Captured, File, Preserved
from services.evidence.seal.manifest_one import manifest
from shared.events import ContentFlagged
from shared.version import VERSION

SOFTWARE = f"Haetae {VERSION}"


def bundle(event: ContentFlagged, captured: Captured) -> tuple[File, ...]:
    """All files, the manifest last. Takes tens of milliseconds of CPU: call it in a thread."""
    files = list(_page(captured))
    names: list[str] = []
    for preserved in captured.pictures:
        made = tuple(_picture(preserved))
        names.append(made[0].name if made else "")
        files.extend(made)
    listed = manifest(event, captured, files, names, SOFTWARE)
    return (*files, File(NAME, listed, "application/json"))


def _page(captured: Captured) -> Iterator[File]:
    shown = captured.rendering
    yield File("page.warc.gz", archive(captured, SOFTWARE), "application/warc")
    # A page may hold half of a surrogate pair, which UTF-8 has no form for.
    yield File("page.html", shown.html.encode(errors="replace"), "text/html; charset=utf-8")
    yield File("text.txt", shown.text.encode(errors="replace"), "text/plain; charset=utf-8")
    yield from _with_preview("screenshot", shown.screenshot)


def _picture(preserved: Preserved) -> Iterator[File]:
    if preserved.exchange:
        yield from _with_preview(f"picture-{preserved.number}", preserved.exchange.body)


def _with_preview(name: str, data: bytes) -> Iterator[File]:
    kind = media_type(data)
    yield File(f"{name}.{EXTENSIONS.get(kind, 'bin')}", data, kind)
    if preview := blurred(data):
        yield File(f"{name}-blurred.jpg", preview, "image/jpeg")
