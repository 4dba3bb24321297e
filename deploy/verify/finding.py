"""What is wrong, where, and what to do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`file` is the one to open, from the root of the project; `thing` is KIND/NAME."""

    overlay: str
    file: str
    thing: str
    wrong: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}: {self.thing} ({self.overlay}): {self.wrong}\n    cure: {self.cure}"
