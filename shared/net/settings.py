"""Settings of guarded fetching."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from shared.net.wire import Pace
from shared.settings import Settings

MiB = 1024 * 1024


class CallSettings(BaseSettings):
    """Of who calls interfaces and nothing else."""

    model_config = Settings.model_config

    allowed_hosts_file: Annotated[
        Path | None,
        Field(description="Hosts file (`ADDRESS NAME…` a line) of names that may be private, on any port"),
    ] = None
    ca_file: Annotated[
        Path | None, Field(description="Certificates (PEM) of authorities to trust for sites, beside the system's")
    ] = None
    contact: Annotated[
        str, Field(description="Where a site's operator reaches the agency, told in the User-Agent (URL or mail)")
    ] = "mailto:contact@haetae.test"
    dns_servers: Annotated[
        str, Field(description="Name servers, `ADDRESS` or `ADDRESS:PORT` separated by commas; none asks the system's")
    ] = ""

    @property
    def name_servers(self) -> list[str]:
        return [server.strip() for server in self.dns_servers.split(",") if server.strip()]

    @property
    def user_agent(self) -> str:
        """Who we are, in the form that operators of web sites know."""
        return f"Haetae/0.1 (+{self.contact})"


class NetSettings(CallSettings):
    exits_file: Annotated[
        Path | None,
        Field(
            description="Proxies by name, `NAME URL` a line (`kr socks5h://user:password@host:port`, `de http://host:port`)"
            "; onion services are reached through the one called `onion`; not readable by others where it has passwords"
        ),
    ] = None
    fetch_timeout_s: Annotated[
        float, Field(gt=0, description="Longest time for one answer, redirects included; 20 s more through an exit")
    ] = 10.0
    max_page_bytes: Annotated[int, Field(gt=0, description="Largest page, unpacked")] = 2 * MiB
    max_picture_bytes: Annotated[int, Field(gt=0, description="Largest picture, unpacked")] = 16 * MiB

    slow_after_s: Annotated[
        float, Field(gt=0, description="An answer may come as slowly as it likes for so long after its first byte")
    ] = 5.0
    slow_bytes_per_s: Annotated[
        float, Field(ge=0, description="After that, one that came slower than this on average is given up")
    ] = 128.0

    @property
    def pace(self) -> Pace:
        return Pace(self.slow_after_s, self.slow_bytes_per_s)
