"""The text reader in a thread of its own, beside the event loop: a tokenizer is not safe in two."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Self, TypeVar

from services.classifier.signals import TextSigns
from services.classifier.texts.text_model import TextModel

Result = TypeVar("Result")


class TextThread:
    """A resource; entering loads. `load` and everything else that touches the reader runs in the one thread."""

    def __init__(self, load: Callable[[], TextModel]) -> None:
        self._load = load
        self._thread = ThreadPoolExecutor(1, "texts")

    async def __aenter__(self) -> Self:
        self.reader = await self.run(self._load)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._thread.shutdown()

    @property
    def name(self) -> str:
        """Of the models that read, with their versions."""
        return "text"

    async def read(self, texts: Sequence[str], languages: Sequence[str | None]) -> Sequence[TextSigns]:
        scores = await self.run(partial(self.reader.score, texts))
        return [TextSigns(score=score) for score in scores]

    async def run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
