"""Settings of the text reader."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field


class TextSettings(BaseModel):
    lexicon: Annotated[
        Path | None,
        Field(description="Folder of an agency's lexicon files (TOML); none: built-in stand-ins, which mean nothing"),
    ] = None
