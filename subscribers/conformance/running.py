"""One trial: a consumer as a process, records for it, a kill in the middle, a while without it, and what it wrote."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from aiokafka import AIOKafkaProducer

from subscribers.conformance.judging import Journal, Place, judge, read
from subscribers.conformance.kafka import committed
from subscribers.conformance.script import Script, Sent

LOOK_S = 0.1
STOP_S = 15.0  # from SIGTERM to the end: what is in hand is handled, the offset committed, the group left
COMMIT_S = 10.0  # what was handled is committed by then
KILLED_AT = 3  # after a third of the first records: the others are in hand, fetched, or not


class Failed(Exception):
    """The trial could not go on; says what the consumer did not do."""


class Trial:
    """`env`: what the consumer is told. `patience_s`: how long nothing may happen while something should."""

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        folder: Path,
        producer: AIOKafkaProducer,
        patience_s: float,
        say: Callable[[str], None],
    ) -> None:
        self._command, self._producer, self._patience_s, self._say = command, producer, patience_s, say
        self._journal, self._log = folder / "journal.jsonl", folder / "consumer.log"
        self._env = {**os.environ, **env, "HAETAE_JOURNAL": str(self._journal)}
        self._topic, self._group = env["HAETAE_TOPICS"], env["HAETAE_GROUP"]
        self._placed: list[tuple[Place, str]] = []
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, script: Script, bootstrap: str, partitions: int) -> list[str]:
        """What is wrong, each as a sentence; none: it passes."""
        try:
            await self._through(script)
            at = await self._committed(bootstrap, partitions, len(script.whole))
            await self._stop()
        except Failed as failed:
            journal = self._read()
            reached = [(place, why) for place, why in self._placed if place in journal.aside]
            return [str(failed), *judge(script, journal, reached)]
        finally:
            self._kill()
        problems = judge(script, self._read(), self._placed)
        if at != (all_of := len(script.whole)):
            problems.append(
                f"its group committed {at} of {all_of} records: commit what was handled, put aside or seen before"
            )
        return problems

    async def _through(self, script: Script) -> None:
        await self._start("it starts, and the first records come")
        await self._publish(script.first)
        wanted = {one.id for one in script.first if one.id}
        await self._until(lambda done: len(done.ids) >= len(wanted) // KILLED_AT, "handled no event")
        self._say("it is killed (SIGKILL) in the middle, and started again")
        self._kill()
        await self._start("the next records come")
        await self._publish(script.second)
        wanted |= {one.id for one in script.second if one.id}
        await self._until(lambda done: wanted <= done.ids, "did not handle every event after it was killed")
        await self._until(lambda done: len(done.aside) >= len(script.odd), "put aside less than there was to")
        await self._stop()
        await self._publish(script.third)
        await self._start("it starts once more, with records that came while it was away")
        wanted |= {one.id for one in script.third if one.id}
        await self._until(lambda done: wanted <= done.ids, "did not go on where it had stopped")

    async def _start(self, why: str) -> None:
        self._say(why)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, env=self._env, stdout=log, stderr=log, start_new_session=True
            )

    async def _publish(self, records: Sequence[Sent]) -> None:
        for one in records:
            sent = await self._producer.send_and_wait(
                self._topic, one.value, key=one.key, headers=[*one.headers.items()]
            )
            if one.id is None:
                self._placed.append(((sent.topic, sent.partition, sent.offset), one.why))

    async def _until(self, reached: Callable[[Journal], bool], otherwise: str) -> None:
        """Raises `Failed` when the journal has not grown for `patience_s`, or the consumer ended."""
        loop = asyncio.get_running_loop()
        grown, size = loop.time(), -1
        while not reached(self._read()):
            if self._process and self._process.returncode is not None:
                raise Failed(
                    f"the consumer ended by itself with status {self._process.returncode}: {self._last_words()}"
                )
            now = self._journal.stat().st_size if self._journal.exists() else 0
            if now != size:
                grown, size = loop.time(), now
            elif loop.time() - grown > self._patience_s:
                raise Failed(f"it {otherwise} for {self._patience_s:g} s: {self._last_words()}")
            await asyncio.sleep(LOOK_S)

    async def _committed(self, bootstrap: str, partitions: int, wanted: int) -> int:
        """How many records the group is through with; the last ones may still be on their way."""
        loop = asyncio.get_running_loop()
        until = loop.time() + COMMIT_S
        while loop.time() < until:  # a broker's state, which tells nobody
            if await committed(bootstrap, self._group, self._topic, partitions) >= wanted:
                break
            await asyncio.sleep(LOOK_S)
        return await committed(bootstrap, self._group, self._topic, partitions)

    async def _stop(self) -> None:
        if self._process is None:
            return
        self._say("it is told to stop (SIGTERM)")
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError as error:
            raise Failed(f"it had not stopped {STOP_S:g} s after SIGTERM") from error

    def _kill(self) -> None:
        """It and what it started."""
        if self._process and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def _read(self) -> Journal:
        return read(self._journal.read_text() if self._journal.exists() else "")

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines() if self._log.exists() else []
        return lines[-1][:500] if lines else "it said nothing"
