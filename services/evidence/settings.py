"""Settings of the evidence service."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr

from services.evidence.bundle.contents import Office
from shared.browser import BrowserSettings
from shared.net import NetSettings
from shared.settings import HashOnlySettings, ObjectSettings, StampSettings
from shared.settings import Settings as ServiceSettings


class Settings(ServiceSettings, ObjectSettings, HashOnlySettings, NetSettings, BrowserSettings, StampSettings):
    hash_only_categories: Annotated[
        str, Field(description="Categories that are sealed as with `HAETAE_HASH_ONLY`, separated by commas")
    ] = ""
    captures_at_once: Annotated[
        int, Field(ge=1, description="Pages drawn at the same time: one a core, more only wait for each other")
    ] = 2
    capture_seconds: Annotated[float, Field(gt=0, description="Longest time for drawing one page")] = 8.0
    capture_user_agent: Annotated[
        str | None, Field(description="User-Agent of captures; else what an ordinary Chromium of this version says")
    ] = None
    ntp_servers: Annotated[
        str,
        Field(
            description="Time servers, `HOST` or `HOST:PORT` separated by commas, to compare the clock with; or none"
        ),
    ] = ""
    outside_address: Annotated[
        str, Field(description="Address that sites see us come from, told in each capture's conditions; or none")
    ] = ""
    rdap_bootstrap: Annotated[
        str,
        Field(
            pattern=r"^(https?://\S+)?$",
            description="Folder of the directory of RDAP servers (RFC 9224); empty asks no registry",
        ),
    ] = "https://data.iana.org/rdap/"
    second_exit: Annotated[
        str | None, Field(description="Proxy of `HAETAE_EXITS_FILE` for the second look at a page; else none")
    ] = None
    second_seconds: Annotated[
        float, Field(gt=0, le=30, description="Longest time for the second look, the finding's pictures included")
    ] = 3.0
    signing_key: Annotated[
        SecretStr,
        Field(description="Base64 of 32 bytes: the Ed25519 key that seals; its public half is published"),
    ]
    stamp_renew_days: Annotated[
        int, Field(ge=1, description="A stamp is renewed so long before its authority's certificates expire")
    ] = 180
    ots_calendars: Annotated[
        str, Field(description="OpenTimestamps calendars, URLs separated by commas; empty: none is asked")
    ] = ""
    retention_file: Annotated[
        Path | None, Field(description="How long evidence is kept, by class; else the shipped `retention.toml`")
    ] = None
    retention_destroys: Annotated[
        bool,
        Field(description="Destroy what is past its retention; else it is counted, and a person orders it"),
    ] = False
    agency_name: Annotated[
        str, Field(min_length=1, max_length=300, description="The agency's name, on reports of bundles, in Korean")
    ] = "견본 디지털성범죄피해자지원센터"
    agency_name_en: Annotated[
        str, Field(min_length=1, max_length=300, description="The agency's name, on reports of bundles, in English")
    ] = "Sample Victim Support Centre"
    report_timezone: Annotated[
        ZoneInfo, Field(description="Time zone in which reports of bundles show times, beside UTC")
    ] = ZoneInfo("Asia/Seoul")

    def office(self) -> Office:
        return Office(self.agency_name, self.agency_name_en, self.report_timezone)
