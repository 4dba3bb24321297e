"""What is needed of a picture or video before the models see it: its bytes, from these its pixels, and its words."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import structlog

from services.classifier.pictures.decoding import Decoded, decode
from services.classifier.pictures.originals import NotHad, Originals
from services.classifier.pictures.reader import WordReader
from services.classifier.pictures.shape import Shape
from shared.events.values import Picture, Video
from shared.guarded import Guarded, GuardKilled, GuardRaised, Limit
from shared.objects.quarantine import still_name

log = structlog.get_logger(__name__)

# A picture of 50 million pixels is decoded in two seconds and 600 MiB; a machine that is busy is ten times slower.
DECODE_S, DECODE_BYTES = 20.0, 768 * 1024 * 1024
MOST_STILLS = 8  # of a video, evenly spread
UNDECODED = "the crawler could not decode it"
STOPPED = {Limit.TIME: "its decoding took too long", Limit.MEMORY: "its decoding took too much memory"}
CRASHED = "its decoder crashed"

Shown = Picture | Video


@dataclass(frozen=True)
class Ready:
    """`frames`: in each shape, none when the models shall not see it. `passing`: another time it may be had."""

    sha256: str
    frames: Mapping[Shape, Sequence[bytes]] = field(default_factory=dict)
    words: str = ""
    unread: str = ""
    passing: bool = False


class Preparer:
    """A resource. `words`: who reads them, None where nobody does."""

    def __init__(self, originals: Originals, words: WordReader | None, children: int) -> None:
        self._originals, self._words = originals, words
        self._decode = Guarded(
            decode,
            workers=children,
            seconds=DECODE_S,
            memory_bytes=DECODE_BYTES,
            threads=True,  # the decoder of HEIC insists on one
        )
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            await opening.enter_async_context(self._originals)
            await opening.enter_async_context(self._decode)
            if self._words:
                await opening.enter_async_context(self._words)
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def ready(self, shown: Shown, shapes: tuple[Shape, ...], language: str | None) -> Ready:
        """Never raises for what the picture is. `language`: of the page, for the words."""
        names = _names(shown)
        if not names:
            return Ready(shown.sha256, unread=UNDECODED)
        try:
            bodies = await asyncio.gather(*map(self._originals.get, names))
        except NotHad as error:
            return Ready(shown.sha256, unread=str(error), passing=True)
        words = await self._words.read(bodies[0], language) if self._words and isinstance(shown, Picture) else ""
        if not shapes:
            return Ready(shown.sha256, words=words)
        decoded = [await self._decoded(body, shapes) for body in bodies]
        seen = [one.pixels for one in decoded if one.pixels]
        if not seen:
            return Ready(shown.sha256, words=words, unread=decoded[0].unread)
        frames = {shape: [frame for pixels in seen for frame in pixels[n]] for n, shape in enumerate(shapes)}
        return Ready(shown.sha256, frames, words)

    async def _decoded(self, body: bytes, shapes: tuple[Shape, ...]) -> Decoded:
        try:
            return await self._decode(body, shapes)
        except GuardKilled as killed:
            log.warning("a picture had to be stopped", why=str(killed))
            return Decoded(unread=STOPPED.get(killed.why, CRASHED))
        except GuardRaised:
            log.exception("our code could not handle it")
            return Decoded(unread=CRASHED)


def _names(shown: Shown) -> list[str]:
    """Under which the crawler keeps it: a picture that it could decode as its digest, of a video the chosen frames."""
    if isinstance(shown, Picture):
        return [shown.sha256] if shown.pdq_dihedral else []
    count = len(shown.frames)
    chosen = sorted({number * count // MOST_STILLS for number in range(MOST_STILLS)}) if count else []
    return [still_name(shown.sha256, number) for number in chosen]
