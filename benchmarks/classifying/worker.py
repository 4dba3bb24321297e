"""One classifier's models on one core: `python -m benchmarks.classifying.worker CORE SECONDS PICTURES`.

Loads, says "ready", waits for a line, then works for so many seconds on each kind of item in each way, in turns, and
prints what it did as JSON. `PICTURES`: a file of what the quarantine holds (see `pictures.keep`). The children that
decode are on the same core.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks.classifying.pictures import Script, kept
from sandbox.training import examples
from services.classifier.pictures import looker as looking
from services.classifier.pictures.decoding import decode
from services.classifier.pictures.looker import PictureLooker
from services.classifier.pictures.settings import PictureSettings
from services.classifier.text_thread import TextThread
from services.classifier.texts.reader import TextReader
from services.classifier.texts.text_model import TextModel
from shared.clock import SystemClock
from shared.events.values import Picture

MODELS = Path("var/models")
ROUNDS = 3
BATCH = 64  # findings that come at once, as the service takes them from its topic
TEXTS_SEED = 9  # none of them was trained on

Way = Callable[[], Awaitable[int]]  # does some work; how many items that was


@dataclass(frozen=True)
class Done:
    """`cpu_s`: of this process. `children_s`: of those that decode."""

    kind: str
    way: str
    items: int
    wall_s: float
    cpu_s: float
    children_s: float


async def run(core: int, seconds: float, pictures: Path) -> list[Done]:
    os.sched_setaffinity(0, {core})
    looking.MOST_REMEMBERED = 0  # what is seen twice costs nothing: here each time counts
    read = examples(TEXTS_SEED, BATCH // 4)
    texts, languages = [one.text for one in read][:BATCH], [one.language for one in read][:BATCH]
    shown = kept(pictures)[:BATCH]
    settings = PictureSettings(picture_model=str(MODELS / "picture"), picture_decoders=1)
    load = partial(
        TextReader.load, MODELS / "text", None, embedding=MODELS / "embedding", lexicon=None, clock=SystemClock()
    )
    async with TextThread(load) as reader, PictureLooker(settings, SystemClock()) as looker:
        ways = await _ways(reader, looker, texts, languages, shown)
        for way in ways.values():
            await way()  # the first time fills caches and starts the children
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        return [await _timed(kind, name, way, seconds) for _ in range(ROUNDS) for (kind, name), way in ways.items()]


async def _ways(
    reader: TextThread,
    looker: PictureLooker,
    texts: Sequence[str],
    languages: Sequence[str | None],
    shown: Sequence[Picture],
) -> dict[tuple[str, str], Way]:
    bodies = [await looker._originals.get(one.sha256) for one in shown]
    model = next(iter(looker._slots._models.values()))
    pixels = [decode(body, (model.shape,)).pixels[0] for body in bodies]
    text_model = TextModel.load(MODELS / "text")
    script = Script(MODELS / "picture")
    inputs = script.prepared(bodies)

    async def both() -> int:
        await asyncio.gather(reader.read(texts, languages), looker.look(shown))
        return len(texts)

    async def ours_text() -> int:
        return len(await reader.read(texts, languages))

    async def ours_picture() -> int:
        return len(await looker.look(shown))

    async def bare_text() -> int:
        return len(text_model.score(texts))

    async def bare_picture() -> int:
        script.call(inputs)
        return len(inputs)

    async def bare_both() -> int:
        text_model.score(texts)
        return await bare_picture()

    async def same_picture() -> int:
        return len(model.score(pixels))

    async def script_picture() -> int:
        script.look(bodies)
        return len(bodies)

    return {
        ("text", "ours"): ours_text,
        ("text", "floor"): bare_text,
        ("picture", "ours"): ours_picture,
        ("picture", "floor"): bare_picture,
        ("picture", "same_call"): same_picture,
        ("picture", "transformers"): script_picture,
        ("both", "ours"): both,
        ("both", "floor"): bare_both,
    }


async def _timed(kind: str, name: str, way: Way, seconds: float) -> Done:
    items, begun, cpu, children = 0, time.perf_counter(), time.process_time(), _children_s()
    while time.perf_counter() - begun < seconds:
        items += await way()
    return Done(
        kind,
        name,
        items,
        wall_s=time.perf_counter() - begun,
        cpu_s=time.process_time() - cpu,
        children_s=_children_s() - children,
    )


def _children_s() -> float:
    """Processor time of the children that live (proc_pid_stat(5), fields 14 and 15)."""
    pids = [pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    done = asyncio.run(run(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])))
    print(json.dumps([asdict(one) for one in done]))
