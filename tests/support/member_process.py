"""One member in a process of its own: prints what it handles, one JSON array a line; SIGTERM stops it gracefully."""

from __future__ import annotations

import asyncio
import json
import signal
import sys

from shared.bus.kafka import KafkaBroker
from tests.support.ledger import Handled, Ledger
from tests.support.members import member

TEST_SESSION_SECONDS = 2.0


class Printed(list[Handled]):
    def append(self, one: Handled) -> None:
        print(json.dumps(one), flush=True)  # noqa: T201


async def main(bootstrap: str, prefix: str, name: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    broker = KafkaBroker(bootstrap, prefix, idempotence=False, session_s=TEST_SESSION_SECONDS)
    await member(broker, name, Ledger(handled=Printed())).run(stop)
    await broker.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
