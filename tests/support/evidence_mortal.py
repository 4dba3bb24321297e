"""The evidence service as a process that kills itself, once at each (case, point) that a folder names by a file."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from uuid import UUID

from services.evidence.app import app
from services.evidence.settings import Settings
from shared.service import main
from tests.support.strikes import Strikes


class Mortal(Strikes):
    def __init__(self, deaths: Path) -> None:
        super().__init__()
        self._deaths = deaths

    async def reached(self, case_id: UUID, point: str) -> None:
        planned = death(self._deaths, case_id, point)
        if point and planned.exists():
            planned.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


def death(folder: Path, case_id: UUID, point: str) -> Path:
    return folder / f"{case_id}.{point}"


if __name__ == "__main__":
    Mortal(Path(sys.argv.pop(1))).install()
    main(app, Settings)
