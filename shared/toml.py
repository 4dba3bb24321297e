"""TOML that people write: read by the standard library, whose unnamed errors get a name."""

import tomllib
from typing import Any


def read_toml(text: str) -> dict[str, Any]:
    """Raises `tomllib.TOMLDecodeError`, also for what is nested deeper, or has more digits, than can be read."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:
        raise tomllib.TOMLDecodeError(f"a number is too long: {error}") from error
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("lists or tables nested too deeply") from error
