"""Secrets in a TOML file of the operator's, a table for each name: read once, never written down, never in an error."""

import re
import stat
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.toml import read_toml

T = TypeVar("T", bound=BaseModel)


def read_secrets(path: Path | None, model: type[T], setting: str, example: str) -> dict[str, T]:
    """Raises `ValueError` naming the file, the field and the cure, never a value. No file: none.

    `model` must hide its input in errors. `example`: what stands in the file, for whoever has no TOML there.
    """
    if path is None:
        return {}
    try:
        if path.stat().st_mode & stat.S_IRWXO:
            raise ValueError(f"{path}: everybody on this machine may read it; run `chmod o= {path}`")
        given = read_toml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}; set {setting} to a file that can be read") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        where = f" ({match[0]})" if (match := re.search(r"line \d+", str(error))) else ""
        raise ValueError(f"{path}: it is no TOML{where}; give {example}") from None
    try:
        return TypeAdapter(dict[str, model]).validate_python(given)  # type: ignore[valid-type]  # known at run time
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False))
        raise ValueError(f"{path}: {'; '.join(wrong)}") from None
