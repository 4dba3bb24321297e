"""Settings of the gateway."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from shared.settings import ApprovalSettings, ObjectSettings
from shared.settings import Settings as Common


class Settings(Common, ObjectSettings, ApprovalSettings):
    gateway_host: Annotated[str, Field(description="Address that the pages are served on")] = "127.0.0.1"
    gateway_port: Annotated[int, Field(description="Port of the pages; 0 chooses one", ge=0, le=65535)] = 8080
    gateway_tls: Annotated[
        bool, Field(description="Browsers come over HTTPS (a proxy ends TLS): cookies are marked Secure")
    ] = False
    gateway_language: Annotated[
        Literal["ko", "en"], Field(description="Language of pages when the browser asks for neither Korean nor English")
    ] = "ko"
    gateway_timezone: Annotated[str, Field(description="Time zone in which pages show times")] = "Asia/Seoul"

    undo_seconds: Annotated[
        int,
        Field(description="How long a person can take a verdict back before it goes out; 0: not at all", ge=0, le=600),
    ] = 10  # long enough to see what one has done, and nothing beside the hours that a removal takes

    @field_validator("gateway_timezone")
    @classmethod
    def known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{name!r} is no time zone known here; use a name such as Asia/Seoul or UTC") from error
        return name
