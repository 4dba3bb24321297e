"""Settings of the gateway."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator

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

    gateway_url: Annotated[
        str | None,
        Field(
            description="Where browsers and programs reach the gateway, `https://…` without a path; needed for a log-in "
            "by an identity provider and for services that sign assertions. Without it: host and port above"
        ),
    ] = None
    second_factor: Annotated[
        Literal["required", "optional"], Field(description="Whether people need a second factor beside a password")
    ] = "required"
    second_factor_key: Annotated[
        SecretStr | None,
        Field(description="Base64 of 32 bytes; seals second factors. Without it, a key that follows from the approval key"),
    ] = None
    requests_per_minute: Annotated[
        int, Field(description="Requests that one log-in may make in each process; 0: no limit", ge=0)
    ] = 1200  # a reviewer on the keyboard makes some 600: thirty cases a minute with their pictures

    @field_validator("gateway_timezone")
    @classmethod
    def known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{name!r} is no time zone known here; use a name such as Asia/Seoul or UTC") from error
        return name
