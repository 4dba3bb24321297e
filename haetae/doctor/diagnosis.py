"""What the doctor says about one thing. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"  # works today
    FAILED = "failed"  # does not work, or does not protect
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Diagnosis:
    """`subject` and `what` name the thing ("database", "schema"); `cure`: a command or what to set, of a fault.

    Neither has a secret or words of a case: it is shown, and sent to whoever helps.
    """

    subject: str
    what: str
    state: State
    said: str
    cure: str = ""
    services: tuple[str, ...] = ()


class Subject:
    """Makes the diagnoses of one subject."""

    def __init__(self, name: str) -> None:
        self.name = name

    def ok(self, what: str, said: str) -> Diagnosis:
        return Diagnosis(self.name, what, State.OK, said)

    def warning(self, what: str, said: str, cure: str) -> Diagnosis:
        return Diagnosis(self.name, what, State.WARNING, said, cure)

    def failed(self, what: str, said: str, cure: str) -> Diagnosis:
        return Diagnosis(self.name, what, State.FAILED, said, cure)

    def skipped(self, what: str, said: str) -> Diagnosis:
        return Diagnosis(self.name, what, State.SKIPPED, said)


def merged(diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
    """What is the same for several services stands once, with all their names, in the order of its first."""
    by_content: dict[Diagnosis, list[str]] = {}
    for one in diagnoses:
        by_content.setdefault(replace(one, services=()), []).extend(one.services)
    return [replace(one, services=tuple(dict.fromkeys(names))) for one, names in by_content.items()]


def worst(diagnoses: Sequence[Diagnosis]) -> State:
    states = {one.state for one in diagnoses}
    return next((state for state in (State.FAILED, State.WARNING) if state in states), State.OK)
