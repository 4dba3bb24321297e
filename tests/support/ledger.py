"""What was sent and who handled it: the judge of every bus test."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple


class Handled(NamedTuple):
    at: int  # nanoseconds of the machine's monotonic clock: lines of several processes arrive in any order
    member: str
    partition: int
    key: str
    step: int


@dataclass
class Ledger:
    """Each key's steps count from 0 without a gap."""

    sent: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # key -> how many
    handled: list[Handled] = field(default_factory=list)

    def next_step(self, key: str) -> int:
        """Count it as sent; the caller produces it, and only goes on when it is acknowledged."""
        self.sent[key] += 1
        return self.sent[key] - 1

    def complete(self) -> bool:
        """Whether every step of every key was handled."""
        return {(one.key, one.step) for one in self.handled} == {
            (key, step) for key, count in self.sent.items() for step in range(count)
        }

    def assert_order_kept(self) -> None:
        """Each key's steps were handled in order. Doing steps again is allowed, overtaking is not.

        A member that took over begins at the committed step, which lies at most one past what was handled before.
        """
        last: dict[str, int] = defaultdict(lambda: -1)
        for one in sorted(self.handled):
            assert one.step <= last[one.key] + 1, f"{one} overtook step {last[one.key] + 1}"
            last[one.key] = max(last[one.key], one.step)

    def repeats(self) -> int:
        return len(self.handled) - len({(one.key, one.step) for one in self.handled})

    def owners(self) -> dict[int, str]:
        """Who handled each partition's latest record."""
        return {one.partition: one.member for one in sorted(self.handled)}
