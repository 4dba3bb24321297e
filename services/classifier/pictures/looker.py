"""Looks at the pictures and videos of findings with the models that are configured."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

import structlog

from services.classifier.pictures.originals import Originals
from services.classifier.pictures.picture_model import BATCH
from services.classifier.pictures.reader import WordReader
from services.classifier.pictures.ready import Preparer, Ready, Shown
from services.classifier.pictures.settings import PictureSettings
from services.classifier.pictures.slots import Slots
from services.classifier.pictures.thread import OneThread, Overdue
from services.classifier.signals import PictureSigns, TextSigns
from shared.clock import Clock

log = structlog.get_logger(__name__)

MOST_REMEMBERED = 20_000  # pictures whose signs are remembered: half a KB each
AT_ONCE = 2  # batches in hand: one is fetched and decoded while the other is in the models
NOT_CONFIGURED = "no picture model is configured"
OVERDUE = "the models did not answer in time"
FAILED = "the models failed"

ReadTexts = Callable[[Sequence[str], Sequence[str | None]], Awaitable[Sequence[TextSigns]]]


@dataclass(frozen=True)
class _Judged:
    signs: PictureSigns
    lasting: bool  # another look would say the same


class PictureLooker:
    """A resource; entering loads the models and raises `PictureModelUnusable`. `read_texts`: judges the words in
    pictures, given texts and their languages; without it or HAETAE_TESSDATA `PictureSigns.text` stays None."""

    def __init__(self, settings: PictureSettings, clock: Clock, read_texts: ReadTexts | None = None) -> None:
        self._settings, self._read_texts = settings, read_texts
        self._originals = Originals(settings, clock)
        self._reads = settings.tessdata is not None and read_texts is not None
        words = WordReader(settings.tessdata, settings.picture_decoders) if settings.tessdata and self._reads else None
        self._preparer = Preparer(self._originals, words, settings.picture_decoders)
        self._thread = OneThread("pictures", settings.picture_seconds)
        self._slots = Slots({})
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._known: OrderedDict[str, PictureSigns] = OrderedDict()
        self._open = AsyncExitStack()

    @property
    def name(self) -> str:
        """Of the models, with their versions; empty where none is configured."""
        return self._slots.name

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            opening.callback(self._thread.close)
            self._slots = await self._thread.start(partial(Slots.load, self._settings))
            await opening.enter_async_context(self._preparer)
            self._open = opening.pop_all()
        if (self._slots or self._reads) and self._originals.why_none:
            log.warning("pictures cannot be looked at: the quarantine is not open", why=self._originals.why_none)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def look(self, shown: Sequence[Shown], languages: Sequence[str | None] = ()) -> list[PictureSigns]:
        """In the same order; of a video the signs of its stills together. `languages`: of the pages, as many or none.
        What a picture is never raises: `PictureSigns.unread` says why the models did not see it."""
        if not (self._slots or self._reads):
            return [PictureSigns(sha256=one.sha256, unread=NOT_CONFIGURED) for one in shown]
        spoken = dict(zip((one.sha256 for one in shown), languages or [None] * len(shown), strict=True))
        found = {sha256: self._known[sha256] for sha256 in spoken if sha256 in self._known}
        new = [one for one in {one.sha256: one for one in shown}.values() if one.sha256 not in found]
        batches = [new[start : start + BATCH] for start in range(0, len(new), BATCH)]
        for judged in await asyncio.gather(*(self._batch(batch, spoken) for batch in batches)):
            found |= {one.signs.sha256: one.signs for one in judged}
            self._remember([one.signs for one in judged if one.lasting])
        return [found[one.sha256] for one in shown]

    async def _batch(self, batch: Sequence[Shown], spoken: Mapping[str, str | None]) -> list[_Judged]:
        async with self._turns:
            shapes = self._slots.shapes
            ready = await asyncio.gather(*(self._preparer.ready(one, shapes, spoken[one.sha256]) for one in batch))
            seen, why = await self._seen([one for one in ready if one.frames])
            texts = await self._texts([one for one in ready if one.words], spoken)
        judged = []
        for one in ready:
            unread = one.unread or why or NOT_CONFIGURED
            signs = seen.get(one.sha256) or PictureSigns(sha256=one.sha256, unread=unread)
            lasting = not one.passing and not (one.frames and signs.unread)
            judged.append(_Judged(signs.model_copy(update={"text": texts.get(one.sha256)}), lasting))
        return judged

    async def _seen(self, ready: Sequence[Ready]) -> tuple[dict[str, PictureSigns], str]:
        """By digest what the models see, or why they see nothing."""
        if not ready:
            return {}, ""
        try:
            signs = await self._thread.run(partial(self._slots.look, {one.sha256: one.frames for one in ready}))
        except Overdue:
            log.warning("the picture models did not answer in time", pictures=len(ready))
            return {}, OVERDUE
        except RuntimeError:  # torch's word for all that goes wrong, a full GPU above all
            log.exception("the picture models failed")
            return {}, FAILED
        return {one.sha256: one for one in signs}, ""

    async def _texts(self, ready: Sequence[Ready], spoken: Mapping[str, str | None]) -> dict[str, TextSigns]:
        if not ready or self._read_texts is None:
            return {}
        signs = await self._read_texts([one.words for one in ready], [spoken[one.sha256] for one in ready])
        return {one.sha256: sign for one, sign in zip(ready, signs, strict=True)}

    def _remember(self, signs: Sequence[PictureSigns]) -> None:
        self._known |= {one.sha256: one for one in signs}
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
