"""The client that `make client` builds, made once a process."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from types import ModuleType

from deploy.client.making import PACKAGE, make


@cache
def client() -> ModuleType:
    folder = Path(mkdtemp(prefix="haetae-client-"))
    make(folder)
    sys.path.insert(0, str(folder))
    return importlib.import_module(PACKAGE)


def operation(tag: str, name: str) -> ModuleType:
    """The functions of one operation: `sync`, `asyncio`, `asyncio_detailed`, …"""
    return importlib.import_module(f"{client().__name__}.api.{tag}.{name}")


def model(name: str) -> type:
    return getattr(importlib.import_module(f"{client().__name__}.models"), name)
