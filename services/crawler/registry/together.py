"""Work that is asked for one by one and done together: a statement a batch instead of a statement each."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

LINGER_S = 0.005  # how long the first of a batch waits for others: little beside a request to the web
MOST = 500  # of a batch


class Together(Generic[Item, Result]):
    """`await together(item)` gives what `work` made of it. What comes while `work` is busy is the next batch.

    `work` gives as many results as it was given items, in their order; what it raises is raised to all of the batch.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]) -> None:
        self._work = work
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, item: Item) -> Result:
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        await asyncio.sleep(LINGER_S)
        while self._waiting:
            taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            wanted = [(item, answer) for item, answer in taken if not answer.done()]  # whoever was cancelled is done
            await self._answer(wanted)
        self._running = None

    async def _answer(self, wanted: Sequence[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        try:
            results = await self._work([item for item, _ in wanted]) if wanted else []
            answered = list(zip(wanted, results, strict=True))
        except Exception as error:
            for _, answer in wanted:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), result in answered:
            if not answer.done():
                answer.set_result(result)
