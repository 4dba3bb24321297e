"""A classifier's learning parts in this process, on PostgreSQL and a broker, and reviewers who decide what it shows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from deploy.local.stack import Stack
from haetae.access import URL, bring_up_to_date
from services.classifier.learning.examples import Kept, keep, label, labelled
from services.classifier.learning.learner import Learner
from services.classifier.learning.live import LiveModels
from services.classifier.learning.registry import Status, versions
from services.classifier.learning.sampling import Candidate, Sampler, Slot
from services.classifier.learning.settings import LearningSettings
from services.classifier.learning.training import Example
from services.classifier.signals import TextSigns
from services.classifier.text_thread import TextThread
from services.classifier.texts.reader import TextReader
from shared.bus.kafka import KafkaBroker
from shared.bus.outlet import record_of
from shared.clock import ManualClock, SystemClock
from shared.database import Database
from shared.events import Envelope, ModelPromoted, ReviewDecided, Verdict
from shared.events.examples import FINDING
from shared.handling import Context, Service
from shared.identity import case_id, identity
from shared.metrics import Metrics
from shared.service import run
from shared.settings import Settings

FLAG_FROM = 0.5
REVIEWERS = 5
BATCH = 64
WAIT_S = 60.0
SETTINGS = LearningSettings(train_after=1, shadow_texts=300, canary_texts=30, canary_share=0.3)


@dataclass(frozen=True)
class Shown:
    """`slot`: why it was asked for, when it was not flagged."""

    text: Example
    slot: Slot | None = None


@dataclass
class Office:
    """Time is a test's: hours of shadow and canary pass at once, texts and verdicts do not."""

    database: Database
    broker: KafkaBroker
    clock: ManualClock
    texts: TextThread
    live: LiveModels
    learner: Learner
    sampler: Sampler = field(default_factory=lambda: Sampler(Random(1)))
    cases: int = 0

    async def read(self, texts: Sequence[Example]) -> list[TextSigns]:
        """As the detector does, a batch at a time; each text on a host of its own."""
        signs: list[TextSigns] = []
        for start in range(0, len(texts), BATCH):
            few = texts[start : start + BATCH]
            said, languages = [one.text for one in few], [one.language for one in few]
            hosts = [f"h{start + place}.test" for place in range(len(few))]
            signs += await self.texts.run(partial(self.texts.reader.read, said, languages, hosts))
        return signs

    async def shown(self, stream: Sequence[Example], most: int, asked: int) -> list[Shown]:
        """What reviewers are shown of a stream: looks that teach, `asked` at most, and the first that are flagged."""
        judged = await self._judged(stream)
        looks = [Shown(text, slot) for text, slot, _ in judged if slot][:asked]
        return [*looks, *(Shown(text) for text, _, flag in judged if flag)][:most]

    async def _judged(self, stream: Sequence[Example]) -> list[tuple[Example, Slot | None, bool]]:
        judged = []
        signs = await self.read(stream)
        for start in range(0, len(stream), BATCH):
            few = signs[start : start + BATCH]
            flagged = [sign.score >= FLAG_FROM for sign in few]
            slots = self.sampler.propose(
                [
                    None if flag else Candidate(sign.score, sign.ngrams, sign.embedding, exposing=False)
                    for sign, flag in zip(few, flagged, strict=True)
                ]
            )
            judged += list(zip(stream[start : start + BATCH], slots, flagged, strict=True))
        return judged

    async def decide(self, shown: Sequence[Shown], by_chance: Random | None = None) -> None:
        """Keep what the detector keeps of them, and send a verdict on each through the broker: right, or by chance."""
        first, self.cases = self.cases, self.cases + len(shown)
        kept, verdicts = [], []
        for number, one in enumerate(shown, first):
            text, case = one.text, case_id(f"http://board.test/{number}")
            features = await self.texts.run(partial(self.texts.reader.features, text.text, text.language))
            kept.append(Kept(case, features, text.language, "suspected_text", 0.9, 0.0, "text", one.slot))
            verdicts.append(self._verdict(number, text.label if by_chance is None else by_chance.random() < 0.5))
        async with self.database.transaction() as tx:
            await keep(tx, kept)
        now = self.clock.now()
        envelopes = [Envelope(event, identity("decided", event.case_id), "/bench", now) for event in verdicts]
        await self.broker.produce(list(map(record_of, envelopes)))
        await until(self._all_labelled)

    def _verdict(self, number: int, positive: bool) -> ReviewDecided:
        url = f"http://board.test/{number}"
        return ReviewDecided(
            case_id=case_id(url), verdict=Verdict.APPROVED if positive else Verdict.REJECTED, note="", approved=(),
            finding=FINDING.model_copy(update={"url": url}), reviewer=f"reviewer-{number % REVIEWERS}", scripted=False,
            seal="0" * 64, decided_at=self.clock.now(),
        )  # fmt: skip

    async def _all_labelled(self) -> bool:
        async with self.database.transaction() as tx:
            return len(await labelled(tx, scripted=False)) == self.cases

    async def turn(self) -> None:
        """One look of the background task; what it promoted is at work here when this returns."""
        await self.live.write_counts()
        context = Context(self.database, self.clock, _nothing, lambda: False, Metrics())
        await self.learner.look_at_trial(context)
        await until(self._in_agreement)

    async def parts(self) -> dict[int, str]:
        """Version: its status."""
        async with self.database.transaction() as tx:
            return {row.version: row.status for row in reversed(await versions(tx))}

    async def _in_agreement(self) -> bool:
        """What works here is what the registry says."""
        panel, parts = self.live.panel, await self.parts()
        seats = {seat.version for seat in (panel.champion, panel.challenger) if seat} if panel else set()
        canary = bool(panel and panel.challenger and panel.challenger.share)
        wanted = {version for version, part in parts.items() if part not in (Status.REFUSED, Status.RETIRED)}
        return seats == wanted and canary == (Status.CANARY in parts.values())


@asynccontextmanager
async def office(home: Path, directory: Path) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        parts = Stack(home, parts=("postgres", "kafka"), kafka_store="memory", scratch=True)
        local = await stack.enter_async_context(parts)
        await bring_up_to_date(local.env[URL], local.role_passwords)
        env, clock = local.service_env("classifier"), ManualClock()
        database = Database(env[URL], "/haetae/classifier", clock)
        stack.push_async_callback(database.close)
        broker = KafkaBroker(env["HAETAE_KAFKA_BOOTSTRAP"], idempotence=False)
        stack.push_async_callback(broker.close)
        texts = TextThread(lambda: TextReader.load(directory, None, None, None, clock))
        live = LiveModels(database, texts, directory, SETTINGS.canary_share)
        made = Office(database, broker, clock, texts, live, Learner(live, directory, SETTINGS))
        stop = asyncio.Event()
        running = asyncio.create_task(_run(made, env, stop))
        try:
            await until(lambda: running.done() or live.panel is not None)
            if running.done():
                running.result()
            yield made
        finally:
            stop.set()
            await running


async def _run(office: Office, env: dict[str, str], stop: asyncio.Event) -> None:
    """The runner, with the service's own handler and listener."""
    service = Service(
        name="classifier",
        handles={ReviewDecided: label},
        listens={ModelPromoted: office.live.heard},
        publishes=frozenset({ModelPromoted}),
        resources=(office.texts, office.live, office.learner),
    )
    settings = Settings.model_validate({"database_url": env[URL], "kafka_bootstrap": env["HAETAE_KAFKA_BOOTSTRAP"]})
    await run(service, settings, office.broker, office.database, SystemClock(), stop)


async def until(holds: Callable[[], bool | Awaitable[bool]]) -> None:
    """Raises `TimeoutError` when it never does."""
    async with asyncio.timeout(WAIT_S):
        while True:
            held = holds()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.05)


async def _nothing(_: object) -> None:
    """A trial produces nothing on the hot lane."""
