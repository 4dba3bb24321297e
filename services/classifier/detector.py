"""What the classifier detects with: the text model and the hash bank, loaded before the first finding."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from services.classifier.domain import Policy, assess
from services.classifier.hashes.bank import BankRow, HashBank
from services.classifier.hashes.store import stored_rows
from services.classifier.texts.text_model import TextModel
from shared.database import Database
from shared.events import Assessment, ContentFound, HashListed

Result = TypeVar("Result")


class Detector:
    """An async context manager: entering loads, leaving closes. All its computing is done in one thread of its own,
    beside the event loop, because a tokenizer is not safe in two and a second would only take turns with the first."""

    def __init__(self, database: Database, text_model: Path, text_label: str | None, policy: Policy) -> None:
        self._database, self._directory, self._label, self._policy = database, text_model, text_label, policy
        self._thread = ThreadPoolExecutor(1, "detector")
        self._model: TextModel | None = None
        self.bank = HashBank()

    async def __aenter__(self) -> Self:
        self._model = await self._run(partial(TextModel.load, self._directory, self._label))
        async for rows in stored_rows(self._database):
            await self._run(partial(self.bank.add, rows))
        await self._run(self.bank.settle)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._thread.shutdown()
        await self._database.close()

    async def list(self, event: HashListed) -> None:
        """Match against these entries from now on."""
        rows = [
            BankRow(event.bank, e.entry, e.category, e.algorithm, bytes.fromhex(e.hash), e.variant, e.threshold)
            for e in event.entries
        ]
        await self._run(partial(self.bank.add, rows))

    async def assess(self, found: Sequence[ContentFound]) -> Sequence[Assessment | None]:
        """In the same order: the assessment of what should be reviewed, None for what should not."""
        return await self._run(partial(self._assess, found))

    def _assess(self, found: Sequence[ContentFound]) -> Sequence[Assessment | None]:
        if self._model is None:
            raise RuntimeError("the detector is used outside its context")
        scores = self._model.score([f"{one.finding.title}\n{one.text}" for one in found])
        matches = iter(self.bank.match_all([picture for one in found for picture in one.finding.pictures]))
        return [
            assess(one.finding, [match for _ in one.finding.pictures for match in next(matches)], score, self._policy)
            for one, score in zip(found, scores, strict=True)
        ]

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
