"""Settings of the crawler."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from shared import settings
from shared.net import NetSettings

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


class Settings(settings.Settings, NetSettings, settings.QuarantineSettings):
    max_pages_per_site: Annotated[
        int, Field(gt=0, description="Most addresses of a site that are remembered: a calendar has no last page")
    ] = 50_000
    most_visits: Annotated[int, Field(gt=0, description="Most visits that one process has in hand at once")] = 256
    fetch_media: Annotated[
        bool, Field(description="Fetch the pictures and videos of pages; off, only their text is looked at")
    ] = True
    max_video_bytes: Annotated[
        int, Field(gt=0, description="Of a video; of a larger one only so much of its beginning is looked at")
    ] = 64 * 1024 * 1024
    credentials_file: Annotated[
        Path | None,
        Field(description="Secrets for logging in (TOML, see `credentials.py`); not readable by others"),
    ] = None
    browser_user_agent: Annotated[
        str, Field(description="How removal checks introduce themselves the second time: as an ordinary browser")
    ] = BROWSER
