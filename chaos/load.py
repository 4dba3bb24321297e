"""What people do meanwhile: new posts appear, pages are reported, an official approves, a program asks.

What is acknowledged to any of them goes into the history.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from random import Random

import httpx

from chaos.history import Line, append
from haetae import reporter
from haetae.client import Case, Gateway
from haetae.demonstration import REVIEWER, Demonstration

NOTE = "Approved by the chaos run's script; no person looked."
POST_S, REPORT_S, APPROVE_S, ASK_S = 15.0, 20.0, 4.0, 4.0
AWAY_S = 0.5
TWICE = 0.3  # of approvals are sent twice at the same moment
MISSING = (httpx.HTTPError, ValueError)  # no answer, or an answer that says no


@dataclass
class Load:
    """`async with asyncio.TaskGroup()` its `tasks` until `over`; whatever is refused or breaks off is tried again."""

    run: Demonstration
    history: Path
    seed: int
    counted: Counter[str] = field(default_factory=Counter)
    cases: Sequence[Case] = ()  # as the official saw them last
    over: bool = False

    def __post_init__(self) -> None:
        self._chance = Random(f"load/{self.seed}")

    def say(self, kind: str, **data: object) -> None:
        append(self.history, Line(datetime.now(UTC), kind, data))
        self.counted[kind] += 1

    async def heard(self, answer: httpx.Response) -> None:
        retry = answer.headers.get("Retry-After")
        request = answer.request
        self.say("answer", method=request.method, path=request.url.path, status=answer.status_code, retry_after=retry)

    async def posting(self) -> None:
        """New findings and harmless pages, host after host."""
        kinds = cycle(("picture", "harmless", "text"))
        hosts = cycle(await self.run.sandbox.hosts())
        while not self.over:
            await self.run.sandbox.publish(next(hosts), next(kinds))
            self.counted["post"] += 1
            await asyncio.sleep(POST_S)

    async def reporting(self) -> None:
        """A page that was just posted is reported at the door, by somebody who tries until it is taken."""
        hosts = await self.run.sandbox.hosts()
        while not self.over:
            url = await self.run.sandbox.publish(self._chance.choice(hosts), "picture")
            if receipt := await self._until_taken(url):
                self.say("report", url=url, number=receipt.number)
            await asyncio.sleep(REPORT_S)

    async def _until_taken(self, url: str) -> reporter.Receipt | None:
        while not self.over:
            try:
                return await reporter.report_page(self._at, url, self.heard)
            except MISSING:
                await asyncio.sleep(AWAY_S)
        return None

    async def approving(self) -> None:
        """Goes on until cancelled: what is drafted after the last fault is approved as well."""
        while True:
            try:
                async with await Gateway.login(self._at, REVIEWER, self.run.password, self.heard) as gateway:
                    while True:
                        self.cases = await gateway.cases()
                        for case in self.cases:
                            await self._approve(gateway, case)
                        await asyncio.sleep(APPROVE_S)
            except MISSING:
                await asyncio.sleep(AWAY_S)

    async def _approve(self, gateway: Gateway, case: Case) -> None:
        if case.state != "drafted" and case.awaits is None:
            return
        number = 0 if case.state == "drafted" else case.awaits or 0
        times = 2 if self._chance.random() < TWICE else 1
        approvals = (gateway.approve_all(case.case_id, NOTE, number) for _ in range(times))
        for answer in await asyncio.gather(*approvals, return_exceptions=True):
            if answer is True:
                self.say("approval", case=case.case_id, round=number)
            elif isinstance(answer, BaseException) and not isinstance(answer, MISSING):
                raise answer

    async def asking(self) -> None:
        """A program that looks at the queue."""
        while not self.over:
            try:
                async with await Gateway.login(self._at, REVIEWER, self.run.password, self.heard) as gateway:
                    while not self.over:
                        await gateway.cases("drafted")
                        await asyncio.sleep(ASK_S)
            except MISSING:
                await asyncio.sleep(AWAY_S)

    @property
    def _at(self) -> str:
        return self.run.house.gateway_url
