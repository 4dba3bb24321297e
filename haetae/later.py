"""Groups of commands whose modules are imported when somebody asks for one of their commands: a command line that
imports all that any command needs takes seconds to say a word of help."""

from collections.abc import MutableMapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_group


class Later(TyperGroup):
    """The group of `module`, which has its name there."""

    module: ClassVar[str]
    _loaded: MutableMapping[str, Any] | None = None  # typer's class of commands is private

    @property
    def commands(self) -> MutableMapping[str, Any]:
        if self._loaded is None:
            self._loaded = get_group(getattr(import_module(self.module), (self.name or "").replace("-", "_"))).commands
        return self._loaded

    @commands.setter
    def commands(self, _: MutableMapping[str, Any]) -> None:
        """What typer knows of them beforehand: none."""


def later(name: str, module: str, sentence: str) -> typer.Typer:
    """A group that is there by its name and its sentence of help."""
    return typer.Typer(cls=type(f"Later_{name}", (Later,), {"module": module}), no_args_is_help=True, help=sentence)
