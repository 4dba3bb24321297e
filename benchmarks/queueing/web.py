"""Reviewers over HTTP: the whole application in a process of its own, asked by 16 at the pace of people who hurry.

`python -m benchmarks.queueing.web URL FOLDER` serves until its standard input ends, and says its port.
"""

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import httpx
from pydantic import SecretStr

from benchmarks.queueing.deciding import decided
from benchmarks.queueing.timing import Seen
from services.gateway.agencies.scoping import EVERYTHING
from services.gateway.live.hub import Hub
from services.gateway.parts import Parts
from services.gateway.web import application
from shared.approvals import Approvals
from shared.clock import SystemClock
from shared.database import Database
from shared.objects.exports import Exports as Store
from shared.objects.folder import FolderStore
from shared.objects.vault import Vault
from shared.web import serving

PASSWORD = "lantern parcel at gate seven"


async def serve(url: str, folder: Path) -> None:
    clock = SystemClock()
    database = Database(url, "/haetae/gateway", clock, settings=EVERYTHING)
    vault = Vault(FolderStore(folder / "evidence"), FolderStore(folder / "keys"), b"k" * 32)
    exports = Store(FolderStore(folder / "exports"), vault.keys, clock)
    parts = Parts(database, vault, exports, clock, Approvals(SecretStr("a key of a benchmark, and of nothing else")))
    async with (
        Hub(database, clock).running() as hub,
        serving(application(replace(parts, live=hub)), "127.0.0.1", 0) as port,
    ):
        print(port, flush=True)
        await asyncio.to_thread(sys.stdin.read)
    await database.close()


async def reviewers(
    address: str, database: Database, tokens: Sequence[str], lasting_s: float, think_s: float
) -> tuple[Seen, Seen]:
    """Each claims a case, looks at a page of the list, thinks, and decides; 0: does not think at all."""
    claimed, listed = Seen(), Seen()
    ends = time.perf_counter() + lasting_s
    randomness = random.Random(7)

    async def review(token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as http:
            await asyncio.sleep(randomness.random() * think_s)
            after = None
            while time.perf_counter() < ends:
                began = time.perf_counter()
                answer = await http.post("/api/claims/next", json={})
                claimed.seconds.append(time.perf_counter() - began)
                case = answer.raise_for_status().json()["claim"]["case_id"]
                claimed.claimed.append(case)
                await asyncio.sleep(think_s * randomness.uniform(0.5, 1.5) / 2)
                began = time.perf_counter()
                params = {"state": "drafted", "limit": "50"} | ({"after": after} if after else {})
                answer = await http.get("/api/cases", params=params)
                listed.seconds.append(time.perf_counter() - began)
                after = answer.raise_for_status().json()["next"]
                await asyncio.sleep(think_s * randomness.uniform(0.5, 1.5) / 2)
                await decided(database, UUID(case))

    await asyncio.gather(*(review(token) for token in tokens))
    return claimed, listed


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
