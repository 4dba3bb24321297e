"""A service that is away when its turn comes is killed as soon as it begins again; who stays away is not counted."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from chaos import faults
from chaos.faults import Faults
from chaos.schedule import Fault, Kind


class Supervisor:
    """A process that begins after it was asked for so many times."""

    def __init__(self, after: int) -> None:
        self.left = after
        self.killed: list[str] = []

    def pid(self, _: str) -> int | None:
        self.left -= 1
        return 7 if self.left < 0 else None

    async def kill(self, name: str) -> None:
        self.killed.append(name)


@pytest.mark.parametrize(("after", "counted"), [(0, 1), (3, 1), (10_000, 0)])
async def test_who_is_away_is_killed_when_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, counted: int
) -> None:
    monkeypatch.setattr(faults, "AWAY_S", 0.5)
    stack = SimpleNamespace(supervisor=Supervisor(after))
    tried = Faults(stack, tmp_path)  # type: ignore[arg-type]  # a stand-in
    assert await tried.carry_out(Fault(0, Kind.KILL, "drafter")) is bool(counted)
    assert tried.kills["drafter"] == counted
