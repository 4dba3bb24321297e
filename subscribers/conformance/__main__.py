"""`python -m subscribers.conformance -- COMMAND…`: tries COMMAND as a subscriber, and says what is wrong with it."""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from aiokafka import AIOKafkaProducer

from shared.bus.kafka import PUBLIC_PACKING
from subscribers.conformance.kafka import create, own_broker
from subscribers.conformance.running import Trial
from subscribers.conformance.script import TOPIC, script

PARTITIONS = 3
GROUP = "agency-example.trial"
PATIENCE_S = 75.0  # a group waits for the member that was killed: 45 s by most clients' defaults (KIP-735)


async def trial(
    command: Sequence[str],
    bootstrap: str,
    folder: Path,
    say: Callable[[str], None],
    more: Mapping[str, str] = {},
    seed: int = 7,
) -> list[str]:
    """What is wrong with the consumer; none: it passes. `more`: settings over those that lead to `bootstrap`."""
    await create(bootstrap, TOPIC, PARTITIONS)
    env = {"HAETAE_KAFKA_BOOTSTRAP": bootstrap, "HAETAE_TOPICS": TOPIC, "HAETAE_GROUP": GROUP, **more}
    packing = {"acks": "all", "compression_type": PUBLIC_PACKING}
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, **packing) as producer:
        one = Trial(command, env, folder, producer, PATIENCE_S, say)
        return await one.run(script(random.Random(seed)), bootstrap, PARTITIONS)


async def _main(command: Sequence[str], seed: int, say: Callable[[str], None]) -> int:
    with tempfile.TemporaryDirectory(prefix="haetae-trial-") as folder:
        async with own_broker() as bootstrap:
            problems = await trial(command, bootstrap, Path(folder), say, seed=seed)
    for problem in problems:
        say(f"✗ {problem}")
    say(f"{len(problems)} things are wrong" if problems else "✓ the consumer does what docs/subscribers.md asks of it")
    return 1 if problems else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m subscribers.conformance", description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="another seed, another order of the records")
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="your consumer, after --")
    given = parser.parse_args()
    sys.exit(asyncio.run(_main(given.command, given.seed, lambda line: print(line, flush=True))))  # noqa: T201  # a tool
