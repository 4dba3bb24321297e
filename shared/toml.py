"""TOML that people write: read by the standard library, whose one unnamed error gets a name."""

import tomllib
from typing import Any


def read_toml(text: str) -> dict[str, Any]:
    """Raises `tomllib.TOMLDecodeError`, also for what is nested deeper than can be read."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("lists or tables nested too deeply") from error
