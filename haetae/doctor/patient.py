"""A service as it would start: what it is told, and its settings as it reads them."""

import importlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings

PREFIX = "HAETAE_"
# Who works from the command line: owner of the database, and whoever else a stack is started by.
OWNER = "owner"
_environment = threading.Lock()


@dataclass(frozen=True)
class Patient:
    """`env`: the variables that it is told. `settings`: of its own class; None when they cannot be read, or for the
    owner. `own_login`: the database URL is of its own role."""

    service: str
    env: Mapping[str, str]
    settings: Any = None
    problem: ValidationError | None = None
    own_login: bool = True

    def told(self, beginnings: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """The part of `env` that begins so."""
        return tuple(sorted((name, value) for name, value in self.env.items() if name.startswith(tuple(beginnings))))


def settings_class(service: str) -> type[BaseSettings]:
    found: type[BaseSettings] = importlib.import_module(f"services.{service}.settings").Settings
    return found


def patient(service: str, env: Mapping[str, str], own_login: bool = True) -> Patient:
    """Reads the settings as the service does. Files in HAETAE_SECRETS_DIR count, too: the class knows that folder."""
    try:
        with _told_alone(env):
            return Patient(service, env, settings_class(service)(), own_login=own_login)
    except ValidationError as problem:
        return Patient(service, env, problem=problem, own_login=own_login)


@contextmanager
def _told_alone(env: Mapping[str, str]) -> Iterator[None]:
    """pydantic-settings reads the environment of the process, and nothing else can decode it as it does."""
    with _environment:
        before = {name: value for name, value in os.environ.items() if name.upper().startswith(PREFIX)}
        try:
            for name in before:
                del os.environ[name]
            os.environ.update(env)
            yield
        finally:
            for name in env:
                os.environ.pop(name, None)
            os.environ.update(before)
