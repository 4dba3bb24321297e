"""Settings of the notifier: the submission server, the sender, the rhythm of removal checks."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from services.notifier.channels.api.connector import LONGEST_S
from services.notifier.channels.mail.letter import Origin
from services.notifier.channels.mail.settings import MailSettings
from services.notifier.delivery.sender import TURNS
from services.notifier.inbox.settings import InboxSettings
from services.notifier.inbox.taking import Reading
from services.notifier.removal.schedule import parse_schedule
from services.notifier.removal.watching import Rhythm
from shared import settings
from shared.net import NetSettings
from shared.settings import ApprovalSettings

# 1 h, 6 h, 24 h after the notice, daily for a month, then weekly: the contact order's re-check clock.
SCHEDULE = "3600,18000,64800,86400x30,604800"
GUARD_S = (30 + 365) * 86_400.0  # a month of days and a year of weeks: what comes back mostly does within days


class Settings(settings.Settings, ApprovalSettings, MailSettings, NetSettings, InboxSettings):
    connectors_dir: Annotated[
        Path | None, Field(description="Folder of connector files for report APIs (`*.toml`), beside the shipped ones")
    ] = None
    connector_credentials_file: Annotated[
        Path | None,
        Field(description="TOML, a table for each report API: its secrets, its address; not readable by others"),
    ] = None
    check_schedule: Annotated[
        str, Field(description="Seconds before each removal check; `86400x30` repeats, the last goes on for ever")
    ] = SCHEDULE
    confirm_after: Annotated[
        float, Field(gt=0, description="Least seconds between the two checks that prove a removal")
    ] = 600.0
    guard_seconds: Annotated[
        float, Field(ge=0, description="So long after its removal content is looked for, by the same schedule")
    ] = GUARD_S
    ladder_hour_seconds: Annotated[
        float,
        Field(
            gt=0,
            le=3600,
            description="Seconds that an hour of the ladder takes (rungs, reminders, clocks); less than 3600 only for "
            "demonstrations and tests",
        ),
    ] = 3600.0

    @field_validator("check_schedule")
    @classmethod
    def _schedule(cls, text: str) -> str:
        parse_schedule(text)
        return text

    def lease_seconds(self) -> float:
        """Longer than a mail can wait for its turn and take to go out, or a report to an API can take, or it would be
        sent again meanwhile."""
        return max(TURNS * self.smtp_seconds, 2 * LONGEST_S) + 5

    def origin(self) -> Origin:
        return Origin(self.agency_name_en, self.mail_from, self.agency_reply_to, self.approval_key)

    def rhythm(self) -> Rhythm:
        return Rhythm(parse_schedule(self.check_schedule), self.confirm_after, self.guard_seconds)

    def reading(self) -> Reading:
        return Reading(frozenset({self.mail_from.lower(), self.agency_reply_to.lower()}), self.imap_authserv_id)
