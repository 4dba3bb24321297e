"""One member in a process of its own: prints what it handles, one JSON array a line; SIGTERM stops it gracefully."""

from __future__ import annotations

import asyncio
import json
import signal
import sys

from tests.support.kafka_at import KafkaAt
from tests.support.ledger import Handled, Ledger
from tests.support.members import member


class Printed(list[Handled]):
    def append(self, one: Handled) -> None:
        print(json.dumps(one), flush=True)  # noqa: T201


async def main(name: str, at: KafkaAt) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    broker = at.broker()
    await member(broker, name, Ledger(handled=Printed())).run(stop)
    await broker.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], KafkaAt(**json.loads(sys.argv[2]))))
