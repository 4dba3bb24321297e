"""Settings of the gateway."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator

from services.gateway.claims.claiming import MOST
from services.gateway.door.house import House, read_file
from services.gateway.oidc.settings import OidcSettings
from shared.net.settings import CallSettings
from shared.settings import ApprovalSettings, ObjectSettings, StampSettings
from shared.settings import Settings as Common


class Settings(Common, ObjectSettings, ApprovalSettings, OidcSettings, StampSettings, CallSettings):
    gateway_host: Annotated[str, Field(description="Address that the pages are served on")] = "127.0.0.1"
    gateway_port: Annotated[int, Field(description="Port of the pages; 0 chooses one", ge=0, le=65535)] = 8080
    gateway_tls: Annotated[
        bool, Field(description="Browsers come over HTTPS (a proxy ends TLS): cookies are marked Secure")
    ] = False
    gateway_proxies: Annotated[
        str,
        Field(
            description="Proxies before the gateway (addresses or networks, between commas) whose X-Forwarded-For says "
            "where a browser is; without them all of a proxy's browsers count as one address"
        ),
    ] = ""
    gateway_language: Annotated[
        Literal["ko", "en"], Field(description="Language of pages when the browser asks for neither Korean nor English")
    ] = "ko"
    gateway_timezone: Annotated[str, Field(description="Time zone in which pages show times")] = "Asia/Seoul"

    public_statistics: Annotated[
        bool, Field(description="Whether `/statistics` shows months that are over to everybody, without small numbers")
    ] = True

    public_events_days: Annotated[
        int, Field(description="Days that public events are kept for agencies that read them over HTTP", gt=0)
    ] = 30  # as long as their topics keep them

    webhooks: Annotated[
        bool, Field(description="Whether agencies may have public events sent to addresses (docs/subscribers.md)")
    ] = False  # the gateway then needs a way out to port 443, and has none otherwise

    federation_key: Annotated[
        SecretStr | None,
        Field(
            description="Base64 of 32 bytes: the Ed25519 key that signs statements to other agencies; without it "
            "federation is off (docs/federation.md)"
        ),
    ] = None
    federation_name: Annotated[
        str,
        Field(
            pattern=r"^([a-z0-9][a-z0-9.-]{0,99})?$",
            description="Name under which other agencies know what we state; never changed once it is given",
        ),
    ] = ""
    federation_shares: Annotated[
        str,
        Field(
            description="What is stated by itself, between commas: known (hashes of approved cases), outcome (how "
            "providers acted in a month); empty: nothing leaves but what two persons state"
        ),
    ] = ""

    undo_seconds: Annotated[
        int,
        Field(description="How long a person can take a verdict back before it goes out; 0: not at all", ge=0, le=600),
    ] = 10  # long enough to see what one has done, and nothing beside the hours that a removal takes

    claims_at_once: Annotated[
        int, Field(description="Cases that one person may hold at the same time; 0: any number", ge=0)
    ] = MOST

    second_factor: Annotated[
        Literal["required", "optional"], Field(description="Whether people need a second factor beside a password")
    ] = "required"
    second_factor_key: Annotated[
        SecretStr | None,
        Field(
            description="Base64 of 32 bytes; seals second factors. Without it, a key that follows from the approval key"
        ),
    ] = None
    requests_per_minute: Annotated[
        int, Field(description="Requests that one log-in may make in each process; 0: no limit", ge=0)
    ] = 1200  # a reviewer on the keyboard makes some 600: thirty cases a minute with their pictures

    door: Annotated[
        bool, Field(description="Whether `/report` takes reports of persons; the API of partners stays")
    ] = True
    door_file: Annotated[
        Path | None,
        Field(
            description="The agency's telephone numbers and partners (TOML, see docs/door.md); none are shown without"
        ),
    ] = None
    door_agency: Annotated[str, Field(description="The agency whose reports they are", max_length=60)] = "home"
    door_leave_to: Annotated[
        str, Field(description="Where quick exit leads: an ordinary page of somebody else", pattern=r"^https?://\S+$")
    ] = "https://www.wikipedia.org/"
    door_reports_per_place: Annotated[
        int, Field(description="Reports an hour from one address (IPv6: /56); behind a proxy, all come from one", gt=0)
    ] = 20  # a shelter or a school shares one address
    door_reports_an_hour: Annotated[int, Field(description="Reports an hour from everywhere together", gt=0)] = 1_000
    door_keep_days: Annotated[
        int, Field(description="Days without a change after which a reporter's contact data are deleted", gt=0)
    ] = 365
    door_stalled_hours: Annotated[
        float, Field(description="Hours after which a report without progress is an alarm", gt=0)
    ] = 6.0
    door_referral_hours: Annotated[
        float, Field(description="Hours after which a referral that no partner fetched is an alarm", gt=0)
    ] = 24.0

    def house(self) -> House:
        """Raises `ValueError` for a door's file that cannot be used."""
        return House(
            file=read_file(self.door_file),
            open=self.door,
            agency=self.door_agency,
            leave_to=self.door_leave_to,
            most_from_place=self.door_reports_per_place,
            most_an_hour=self.door_reports_an_hour,
            keep=timedelta(days=self.door_keep_days),
            stalled=timedelta(hours=self.door_stalled_hours),
            late=timedelta(hours=self.door_referral_hours),
        )

    history_key: Annotated[
        SecretStr,
        Field(
            description="Base64 of 32 bytes: the Ed25519 key that signs heads of the audit history; its public half is "
            "published. Another one takes over by being set"
        ),
    ]
    history_name: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9][a-z0-9.-]{0,99}$",
            description="Name of the audit history in its signed heads, one a Haetae",
        ),
    ] = "haetae"

    def federation_shared(self) -> frozenset[str]:
        return frozenset(one.strip() for one in self.federation_shares.split(",") if one.strip())

    @field_validator("federation_shares")
    @classmethod
    def known_shares(cls, named: str) -> str:
        wrong = {one.strip() for one in named.split(",") if one.strip()} - {"known", "outcome"}
        if wrong:
            raise ValueError(f"{', '.join(sorted(wrong))}: give known, outcome, both or nothing")
        return named

    @field_validator("gateway_proxies")
    @classmethod
    def known_proxies(cls, named: str) -> str:
        try:
            return ",".join(str(ip_network(one.strip())) for one in named.split(",") if one.strip())
        except ValueError as error:
            raise ValueError(f"{error}; give addresses or networks such as 10.0.0.7,10.1.0.0/24") from error

    @field_validator("gateway_timezone")
    @classmethod
    def known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{name!r} is no time zone known here; use a name such as Asia/Seoul or UTC") from error
        return name
