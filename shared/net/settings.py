"""Settings of guarded fetching."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from shared.settings import Settings

MiB = 1024 * 1024


class NetSettings(BaseSettings):
    model_config = Settings.model_config

    allowed_hosts_file: Annotated[
        Path | None,
        Field(description="Hosts file (`ADDRESS NAME…` a line) of names that may be private, on any port"),
    ] = None
    contact: Annotated[
        str, Field(description="Where a site's operator reaches the agency, told in the User-Agent (URL or mail)")
    ] = "mailto:contact@haetae.test"
    fetch_timeout_s: Annotated[float, Field(gt=0, description="Longest time for one answer, redirects included")] = 10.0
    max_page_bytes: Annotated[int, Field(gt=0, description="Largest page, unpacked")] = 2 * MiB
    max_picture_bytes: Annotated[int, Field(gt=0, description="Largest picture, unpacked")] = 16 * MiB

    @property
    def user_agent(self) -> str:
        """Who we are, in the form that operators of web sites know."""
        return f"Haetae/0.1 (+{self.contact})"
