"""Two local time-stamp authorities inside the test's own loop, whose clock, faults and certificates a test turns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.authorities.issuing import ROOT, kept
from deploy.local.authorities.web import Authorities, Authority
from shared.clock import Clock
from shared.web import serving

NAMES = ("local-a", "local-b")


@dataclass(frozen=True)
class Stampers:
    """`file`: for HAETAE_STAMP_AUTHORITIES_FILE."""

    file: Path
    by_name: Mapping[str, Authority]

    def __getitem__(self, name: str) -> Authority:
        return self.by_name[name]

    def root(self, name: str) -> Path:
        return self.file.parent / name / ROOT


@asynccontextmanager
async def stampers(folder: Path, clock: Clock) -> AsyncIterator[Stampers]:
    by_name = {name: Authority(kept(folder / name, f"Authority {name}", clock.now())) for name in NAMES}
    async with serving(Authorities(by_name, clock.now).application(), "127.0.0.1", 0) as port:
        file = folder / "authorities.toml"
        entries = (
            f'[[authority]]\nname = "{name}"\nurl = "http://127.0.0.1:{port}/{name}"\nca_file = "{name}/{ROOT}"\n'
            for name in NAMES
        )
        file.write_text("\n".join(entries))
        yield Stampers(file, by_name)
