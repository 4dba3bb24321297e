"""Items a second that one classifier judges: texts, pictures, and findings of one text and one picture.

One process pinned to one core, then two, each to its own: a process a core is how the service scales. The children that
decode pictures share the core. The pictures come out of a real quarantine, where the crawler would have put them.

The floor is the bare call of the models on what is in memory already: the n-gram model's score of the texts, and the
library's picture model, as it is loaded, on prepared pixels. `same_call` is our call of the picture model on decoded
pixels, in the precision that is quicker here: what is missing to it is the store, the decoding in another process, and
what surrounds both. The peer `transformers` decodes the pictures and calls the library's own processor and model.

`DATA=FOLDER`: photographs and public texts, see `benchmarks.photographs` and `benchmarks.classifying.texts`.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.classifying.calibration import calibration
from benchmarks.classifying.pictures import keep, ordinary
from benchmarks.classifying.texts import quality
from benchmarks.harness import Figure, alone
from deploy.local.part import PartName
from deploy.local.stack import Stack
from shared.settings import QuarantineSettings

MODELS = Path("var/models")
PICTURES = 64
SECONDS, QUICK_SECONDS = 4.0, 0.5  # for one way in one round

Done = Mapping[str, Any]  # `worker.Done`, out of JSON


def measure(quick: bool, home: Path) -> Figure:
    for name in ("text", "embedding", "picture"):
        if not (MODELS / name / "config.json").is_file():
            raise SystemExit(f"{MODELS / name} is missing: `make models`")
    folder = Path(os.environ["DATA"]) if "DATA" in os.environ else None
    speeds = asyncio.run(_speeds(home / "classify", QUICK_SECONDS if quick else SECONDS, folder))
    one, two = speeds
    return Figure(
        name="classify",
        unit="findings a second on two cores, each a text and a picture",
        ours=two["both"]["ours"]["items_per_s"],
        peers={"transformers_pictures_alone": two["picture"]["transformers"]["items_per_s"]},
        floor=two["both"]["floor"]["items_per_s"],
        lower_is_better=False,
        bound_by="the picture model's convolutions; decoding is a quarter of a picture's time",
        detail={
            "one_core": one,
            "two_cores": two,
            "load": os.getloadavg()[0],
            "pictures_calibration": calibration(MODELS / "picture", quick=quick),
            "texts": quality(quick, folder),
        },
    )


async def _speeds(home: Path, seconds: float, folder: Path | None) -> list[dict[str, dict[str, dict[str, float]]]]:
    shutil.rmtree(home, ignore_errors=True)  # a store that was killed is not to be trusted
    parts: tuple[PartName, ...] = ("s3",)
    async with Stack(home, parts=parts, scratch=True, environ={}) as stack:
        index = home / "pictures.json"
        settings = QuarantineSettings.model_validate(_settings(stack.service_env("crawler")))
        await asyncio.to_thread(keep, ordinary(PICTURES, folder), settings, index)
        env = stack.service_env("classifier")
        return [
            await asyncio.to_thread(_work, range(cores), seconds, index, env)
            for cores in (1, min(2, os.cpu_count() or 1))
        ]


def _settings(env: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix("HAETAE_").lower(): value for name, value in env.items()}


def _work(
    cores: Sequence[int], seconds: float, index: Path, env: Mapping[str, str]
) -> dict[str, dict[str, dict[str, float]]]:
    """All begin together, when the last one is ready."""
    command = [sys.executable, "-m", "benchmarks.classifying.worker"]
    workers = [
        subprocess.Popen(
            [*command, str(core), str(seconds), str(index)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **env, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        for core in cores
    ]  # fmt: skip
    try:
        for worker in workers:
            _until_ready(worker)
        for worker in workers:
            _tell(worker)
        return _summed([json.loads(worker.communicate()[0].splitlines()[-1]) for worker in workers])
    finally:
        for worker in workers:
            worker.kill()


def _until_ready(worker: "subprocess.Popen[str]") -> None:
    for line in worker.stdout or ():
        if line.strip() == "ready":
            return
    raise SystemExit("a worker ended before it was ready; what it said is above")


def _tell(worker: "subprocess.Popen[str]") -> None:
    if worker.stdin:
        worker.stdin.write("\n")
        worker.stdin.flush()


def _summed(workers: Sequence[Sequence[Done]]) -> dict[str, dict[str, dict[str, float]]]:
    """By kind and way: items a second of all workers together (by the clock; the best round of each), and processor
    time an item (the median), which other programs on the machine disturb less. `of_…`: ours by that, by the clock,
    and by the process's own time without that of the children that decode."""
    kinds: dict[str, dict[str, dict[str, float]]] = {}
    for kind, way in dict.fromkeys((one["kind"], one["way"]) for one in workers[0]):
        rounds = [[one for one in worker if (one["kind"], one["way"]) == (kind, way)] for worker in workers]
        every = [one for worker in rounds for one in worker]
        kinds.setdefault(kind, {})[way] = {
            "items_per_s": round(sum(max(one["items"] / one["wall_s"] for one in worker) for worker in rounds), 1),
            "cpu_ms": round(median(one["cpu_s"] / one["items"] for one in every) * 1e3, 3),
            "children_cpu_ms": round(median(one["children_s"] / one["items"] for one in every) * 1e3, 3),
        }
    for ways in kinds.values():
        ours = ways["ours"]
        for name, other in ways.items():
            if name != "ours":
                ours[f"of_{name}"] = round(ours["items_per_s"] / other["items_per_s"], 3)
                ours[f"of_{name}_by_cpu"] = round(other["cpu_ms"] / ours["cpu_ms"], 3)
    return kinds


if __name__ == "__main__":
    alone(measure)
