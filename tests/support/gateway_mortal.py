"""The gateway's pages and the task of its verdicts, in a process that can be told to kill itself at a transaction, and
that is there again at once: the parent has everything loaded and forks one life after the other.

    python -m tests.support.gateway_mortal DSN FOLDER PORT

FOLDER/death holds `POINT TEXT`: before or after the commit of the first transaction with a statement that has TEXT.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.gateway.agencies.scoping import EVERYTHING
from services.gateway.deciding import finishing
from services.gateway.web import application
from shared.database import Database, Transaction
from shared.web import serving
from tests.support.approvals import APPROVALS
from tests.support.gateway import make_desk

UNDO = timedelta(minutes=10)  # a test makes it due when it wants to
LOOK_S = 0.05


class Mortal(Database):
    """`folder`: where the death is named."""

    folder: Path

    @asynccontextmanager
    async def transaction(self, *more: Any) -> AsyncIterator[Transaction]:  # as the database's own
        death = self.folder / "death"
        point, _, text = (death.read_text() if death.exists() else "").partition(" ")
        said: list[str] = []
        mine = asyncio.current_task()

        def heard(_: object, __: object, statement: str, *___: object) -> None:
            if asyncio.current_task() is mine:  # the engine tells of every transaction under way
                said.append(statement)

        sa.event.listen(self.engine.sync_engine, "before_cursor_execute", heard)
        try:
            async with super().transaction(*more) as tx:
                yield tx
                await tx._finish()
                tx._published.clear()  # in the outbox already, as at the end of every transaction
                self._die(point == "before" and any(text in one for one in said))
            self._die(point == "after" and any(text in one for one in said))
        finally:
            sa.event.remove(self.engine.sync_engine, "before_cursor_execute", heard)

    def _die(self, now: bool) -> None:
        if now:
            (self.folder / "death").unlink()
            os.kill(os.getpid(), signal.SIGKILL)


async def live(dsn: str, folder: Path, port: int) -> None:
    desk = make_desk(dsn, folder)
    database = Mortal(dsn, "/haetae/gateway", settings=EVERYTHING)
    database.folder = folder
    async with serving(application(replace(desk.parts, database=database, undo=UNDO)), "127.0.0.1", port):
        while True:
            await finishing.finish_next(database, APPROVALS)
            await asyncio.sleep(LOOK_S)


def main(dsn: str, folder: str, port: str) -> None:
    life = 0

    def end(*_: object) -> None:
        if life:
            os.kill(life, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    while True:
        life = os.fork()
        if not life:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            asyncio.run(live(dsn, Path(folder), int(port)))
        os.waitpid(life, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
