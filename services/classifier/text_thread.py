"""The text reader in a thread of its own, beside the event loop: a tokenizer is not safe in two."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Self, TypeVar

from services.classifier.signals import TextSigns
from services.classifier.texts.reader import TextReader

Result = TypeVar("Result")


class TextThread:
    """A resource; entering loads. `load` and everything else that touches the reader runs in the one thread."""

    def __init__(self, load: Callable[[], TextReader]) -> None:
        self._load = load
        self._thread = ThreadPoolExecutor(1, "texts")

    async def __aenter__(self) -> Self:
        self.reader = await self.run(self._load)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._thread.shutdown()

    async def read(
        self, texts: Sequence[str], languages: Sequence[str | None], hosts: Sequence[str] | None = None
    ) -> Sequence[TextSigns]:
        """As `TextReader.read`."""
        return await self.run(partial(self.reader.read, texts, languages, hosts))

    async def features(self, texts: Sequence[tuple[str, str | None]]) -> list[bytes]:
        """What may be kept of each text, given with its language, to learn from."""
        return await self.run(lambda: [self.reader.features(text, language) for text, language in texts])

    async def run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
