"""The evidence service as a process that is killed and started again."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.faulted import Faulted

PROJECT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def dying(house: Faulted, deaths: Path, env: Mapping[str, str]) -> AsyncIterator[list[int]]:
    """The service as a process that is started again whenever it has died; how it ended each time."""
    ends: list[int] = []
    everything = {name: value for name, value in os.environ.items() if not name.startswith("HAETAE_")} | env_of(house)
    current: asyncio.subprocess.Process | None = None

    async def keep_up() -> None:
        nonlocal current
        while True:
            with (deaths.parent / "service.log").open("ab") as log:
                current = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "tests.support.evidence_mortal", str(deaths),
                    stdout=log, stderr=log, env={**everything, **env}, cwd=PROJECT,
                )  # fmt: skip
            ends.append(await current.wait())

    keeping = asyncio.create_task(keep_up())
    try:
        yield ends
    finally:
        keeping.cancel()
        if current and current.returncode is None:
            current.kill()
            await current.wait()


def env_of(house: Faulted) -> dict[str, str]:
    given = house.settings
    secret = {"MASTER_KEY": given.master_key, "SIGNING_KEY": given.signing_key, "S3_SECRET_KEY": given.s3_secret_key}
    plain = {
        "DATABASE_URL": house.dsn,
        "S3_ENDPOINT": given.s3_endpoint,
        "S3_ACCESS_KEY": given.s3_access_key,
        "S3_SECURE": int(given.s3_secure),
        "ALLOWED_HOSTS_FILE": given.allowed_hosts_file,
        "STAMP_AUTHORITIES_FILE": given.stamp_authorities_file,
        "RDAP_BOOTSTRAP": "",
    }
    known = {**plain, **{name: value.get_secret_value() for name, value in secret.items() if value}}
    return {f"HAETAE_{name}": str(value) for name, value in known.items()}
