"""The broker of a trial: the embedded one, in memory, for this trial alone."""

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.kafka import answers, broker

HOST = "127.0.0.1"
START_S = 30.0


@asynccontextmanager
async def own_broker() -> AsyncIterator[str]:
    """Its address. It forgets everything when it ends."""
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    at = f"tcp://{HOST}:{port}"
    options = ["--listener-url", at, "--advertised-listener-url", at, "--storage-engine", "memory://tansu/"]
    with tempfile.TemporaryDirectory(prefix="haetae-conformance-") as folder, (Path(folder) / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(broker(), "broker", *options, cwd=folder, stdout=log, stderr=log)
        try:
            async with asyncio.timeout(START_S):
                while not await answers(port)():  # noqa: ASYNC110  # another process, which tells nobody
                    await asyncio.sleep(0.1)
            yield f"{HOST}:{port}"
        finally:
            process.kill()
            await process.wait()


async def create(bootstrap: str, topic: str, partitions: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, partitions, 1)])
    finally:
        await admin.close()


async def committed(bootstrap: str, group: str, topic: str, partitions: int) -> int:
    """How many of the topic's records the group is through with. The embedded broker wants to be asked by partition."""
    of = [TopicPartition(topic, number) for number in range(partitions)]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(group, partitions=of)
    finally:
        await admin.close()
    return sum(max(0, at.offset) for at in offsets.values())
