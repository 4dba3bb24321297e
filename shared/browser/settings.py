"""Settings of services that start Chromium."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from shared.settings import Settings


class BrowserSettings(BaseSettings):
    model_config = Settings.model_config

    chromium: Annotated[
        Path | None, Field(description="Chromium to start; else the one on the path, else Playwright's own")
    ] = None
