"""Settings of the text reader."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from shared import settings


class TextSettings(settings.Settings):
    lexicon: Annotated[
        Path | None,
        Field(
            description="Folder of an agency's lexicon files (TOML); none: the built-in stand-ins, which mean nothing"
        ),
    ] = None
