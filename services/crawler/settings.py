"""Settings of the crawler."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from shared import settings
from shared.browser import BrowserSettings
from shared.net import NetSettings

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


class Settings(settings.Settings, NetSettings, BrowserSettings, settings.QuarantineSettings):
    max_pages_per_site: Annotated[
        int, Field(gt=0, description="Most addresses of a site that are remembered: a calendar has no last page")
    ] = 50_000
    most_hosts: Annotated[
        int, Field(gt=0, description="Most hosts that one process has in hand at once, most of them waiting politely")
    ] = 4_096
    most_requests: Annotated[int, Field(gt=0, description="Most requests that one process has open at once")] = 256
    fetch_media: Annotated[
        bool, Field(description="Fetch the pictures and videos of pages; off, only their text is looked at")
    ] = True
    max_video_bytes: Annotated[
        int, Field(gt=0, description="Of a video; of a larger one only so much of its beginning is looked at")
    ] = 64 * 1024 * 1024
    renderers: Annotated[
        int, Field(ge=0, description="Pages drawn by a browser at once, where only scripts fill them; 0 for none")
    ] = 1
    credentials_file: Annotated[
        Path | None,
        Field(description="Secrets for logging in (TOML, see `credentials.py`); not readable by others"),
    ] = None
    check_again_seconds: Annotated[
        float,
        # Who asked for the check gives it up after an hour.
        Field(ge=0, le=1_800, description="Least time between the two looks of a removal check that agree on gone"),
    ] = 300.0
    check_exit: Annotated[
        str | None,
        Field(description="Exit by which removal checks look the second time: gone through both is gone at once"),
    ] = None
    connector_mappings: Annotated[
        Path | None,
        Field(description="Folder of TOML files that say how JSON listings are read (connector `json:NAME`)"),
    ] = None
    browser_user_agent: Annotated[
        str, Field(description="How removal checks introduce themselves the second time: as an ordinary browser")
    ] = BROWSER
