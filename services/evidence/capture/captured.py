"""A finished capture (pure): what each step brought, and for each a small manifest of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from haetae_verify.canonical import canonical, digest, moment
from services.evidence.capture.work import StepDone
from services.evidence.domain import File

FORMAT = "haetae-step/1"
DONE, FAILED = "done", "failed"


@dataclass(frozen=True)
class Captured:
    """`steps`: in the order of the plan."""

    started_at: datetime
    finished_at: datetime
    steps: tuple[StepDone, ...]

    @cached_property
    def files(self) -> tuple[File, ...]:
        """Every step's files and its manifest. Hashes all of them: tens of milliseconds of CPU."""
        files = tuple(file for step in self.steps for file in _with_manifest(step))
        if len({file.name for file in files}) < len(files):
            raise ValueError("two steps of the plan bring a file of the same name: give one of them another")
        return files

    def step(self, name: str) -> StepDone | None:
        return next((step for step in self.steps if step.name == name), None)


def manifest_name(step: str) -> str:
    return f"step-{step}.json"


def outcome(step: StepDone) -> str:
    return FAILED if step.failure else DONE


def step_manifest(step: StepDone) -> bytes:
    """What one step did, in canonical form: when, with what outcome, its facts and the digests of its files."""
    return canonical(
        {
            "format": FORMAT,
            "step": step.name,
            "started_at": moment(step.started_at),
            "finished_at": moment(step.finished_at),
            "outcome": outcome(step),
            "failure": step.failure,
            "facts": step.made.facts,
            "files": [
                {"name": file.name, "sha256": digest(file.data), "bytes": len(file.data)} for file in step.made.files
            ],
        }
    )


def _with_manifest(step: StepDone) -> Iterator[File]:
    yield from step.made.files
    yield File(manifest_name(step.name), step_manifest(step), "application/json", content=False)
