"""A service for process tests: notes each case in its log, and waits for ever on the case that is told to hang."""

from __future__ import annotations

import asyncio
from typing import Annotated

import structlog
from pydantic import Field

from shared.database import Transaction
from shared.events import CaseChanged
from shared.handling import Service
from shared.service import main
from shared.settings import Settings

log = structlog.get_logger(__name__)


class StubSettings(Settings):
    greeting: Annotated[str, Field(min_length=2, description="What it says")] = "hello"


def app(settings: StubSettings) -> Service:
    async def note(event: CaseChanged, tx: Transaction) -> None:
        log.info("noted", state=event.state, password="hunter2")  # must not be seen
        if event.state == "hang":
            await asyncio.Event().wait()

    return Service("gateway", handles={CaseChanged: note})


if __name__ == "__main__":
    main(app, StubSettings)
