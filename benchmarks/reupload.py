"""A re-upload: seconds from its publication to a draft that is linked to the first case, through the whole loop.

Pictures that no bank has are posted with words that get them flagged; an official's script approves, the operator
removes them. Then each is posted again on other hosts with nobody's words, recompressed, cropped by 10 % or mirrored.
What was asked for is a minute from the crawl. Peer: a script that keeps the PDQ hash of what was removed and compares
within 31 bits; its share of the same files that it would have known is in the detail.
"""

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import httpx
import sqlalchemy as sa
from PIL import Image

from benchmarks.harness import Figure, alone
from benchmarks.loop import MODEL
from haetae.client import Case
from haetae.demonstration import Demonstration, Options
from sandbox.files import READY
from sandbox.known import LABELS, known_picture
from sandbox.model import Behaviour, Transform
from sandbox.transforms import encoded
from shared.notices import CASES_BANK
from shared.prints.pdq import distance, single

TRANSFORMS = (Transform.RECOMPRESSED, Transform.CROPPED_10, Transform.MIRRORED)
FIRST, QUICK_FIRST = 4, 1  # pictures
PDQ_BITS = 31
ASKED_FOR_S = 60.0
PATIENCE_S = 180.0
POLL_S = 0.25
SEED, SCALE = 31, 0.1
AFTER_APPROVAL = ("approved", "sent", "removed")
T = TypeVar("T")


class Unlisted(Demonstration):
    """The demonstration, whose banks are empty at first."""

    async def _import_known(self) -> None:
        """None: a case is what makes a picture known here."""

    async def publish(self, **fields: object) -> str:
        return str((await self._order("/posts", fields))["url"])

    async def take_down(self, url: str) -> None:
        await self._order("/takedown", {"url": url, "behaviour": Behaviour.AT_ONCE.value})

    async def _order(self, path: str, fields: dict[str, object]) -> dict[str, Any]:
        control = json.loads((self.sandbox.home / READY).read_text())["control"]
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(f"{control}{path}", json=fields)
            answer.raise_for_status()
            return dict(answer.json())

    def boards(self) -> list[str]:
        """Hosts that show pictures."""
        rows = csv.DictReader((self.sandbox.home / "sites.csv").read_text().splitlines())
        return [str(httpx.URL(row["url"]).host) for row in rows if row["kind"] in ("board", "gallery", "feed")]

    async def case_at(self, url: str, *states: str) -> Case:
        """Once it has one of these states. Raises `TimeoutError`."""

        async def found() -> Case | None:
            cases = await (await self._entered()).cases()
            return next((case for case in cases if case.url == url and case.state in states), None)

        return await until(found)

    async def linked(self, case: Case, first: Case) -> bool:
        detail = await (await self._entered()).case(case.case_id)
        return any(link["case_id"] == first.case_id for link in detail["links"])

    async def wait_until_known(self, pictures: int) -> None:
        async with self.house.database("classifier") as database:

            async def known() -> bool | None:
                count = sa.text("SELECT count(DISTINCT entry) FROM bank_entries WHERE bank = :bank")
                async with database.transaction() as tx:
                    return (await tx.execute(count, {"bank": CASES_BANK})).scalar_one() >= pictures or None

            await until(known)


async def until(found: Callable[[], Awaitable[T | None]]) -> T:
    async with asyncio.timeout(PATIENCE_S):
        while (result := await found()) is None:
            await asyncio.sleep(POLL_S)
    return result


def measure(quick: bool, home: Path) -> Figure:
    return asyncio.run(_measure(QUICK_FIRST if quick else FIRST, home))


async def _measure(pictures: int, home: Path) -> Figure:
    def nothing(*_: object) -> None:
        """Nobody watches."""

    options = Options(home / "reupload", MODEL, seed=SEED, scale=SCALE, gateway_port=0)
    async with Unlisted(options, nothing, nothing) as run:
        await run.prepare()
        firsts = {label: await _first(run, label, number) for number, label in enumerate(LABELS[:pictures])}
        await run.wait_until_known(pictures)
        again = await asyncio.gather(
            *(
                _again(run, label, first, transform, number)
                for number, ((label, first), transform) in enumerate(product(firsts.items(), TRANSFORMS))
            )
        )
    crawled = sorted(one.crawled_s for one in again)
    return Figure(
        name="reupload",
        unit="s from crawl to linked draft, median",
        ours=round(median(crawled), 3),
        peers={"asked_for": ASKED_FOR_S},
        floor=None,
        lower_is_better=True,
        bound_by="the capture of the page by Chromium",
        detail={
            "slowest_s": round(crawled[-1], 3),
            "from_publication_s": [round(one.published_s, 3) for one in again],
            "linked": f"{sum(one.linked for one in again)} of {len(again)}",
            "script_pdq31_knew": f"{sum(map(_known_to_script, LABELS[:pictures]))} of {len(again)}",
        },
    )


@dataclass(frozen=True)
class Again:
    crawled_s: float
    published_s: float
    linked: bool


async def _first(run: Unlisted, label: str, number: int) -> Case:
    """Posted, approved, removed."""
    boards = run.boards()
    url = await run.publish(host=boards[number % len(boards)], kind="picture", known=label, words=True)
    await run.case_at(url, *AFTER_APPROVAL)
    await run.take_down(url)
    return await run.case_at(url, "removed")


async def _again(run: Unlisted, label: str, first: Case, transform: Transform, number: int) -> Again:
    elsewhere = [host for host in run.boards() if host != first.host]
    published_at = datetime.now(UTC)
    url = await run.publish(
        host=elsewhere[number % len(elsewhere)], kind="picture", known=label, transform=transform.value
    )
    case = await run.case_at(url, "drafted", *AFTER_APPROVAL)
    drafted_at = case.times["drafted"]
    return Again(
        (drafted_at - case.times["found"]).total_seconds(),
        (drafted_at - published_at).total_seconds(),
        await run.linked(case, first),
    )


def _known_to_script(label: str) -> int:
    """How many of the altered copies are within the usual limit of the picture's own hash."""
    first, _ = single(known_picture(label))
    copies = (Image.open(io.BytesIO(encoded(known_picture(label), one)[0])) for one in TRANSFORMS)
    return sum(distance(first, single(copy)[0]) <= PDQ_BITS for copy in copies)


if __name__ == "__main__":
    alone(measure)
