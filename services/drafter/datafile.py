"""The package's data files, and an agency's own copies of them."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.toml import read_toml

T = TypeVar("T", bound=BaseModel)

DATA = Path(__file__).parent / "data"


class Strict(BaseModel):
    """Data of a file: a misspelt field is an error, not a rule that silently never applies."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BadDataFile(ValueError):
    """A data file cannot be used. The message names the file, the field and the cure."""


def load(model: type[T], name: str, override: Path | None = None) -> T:
    """The data file `name` of the package, or the agency's copy. Raises `BadDataFile`."""
    path = override or DATA / name
    try:
        return model.model_validate(read_toml(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadDataFile(f"{path}: {error}; start from a copy of {DATA / name}") from error
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise BadDataFile(f"{path}: {'; '.join(wrong)}; compare with {DATA / name}") from error
