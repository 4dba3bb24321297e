"""Settings of the notifier: the submission server, the sender, the rhythm of removal checks."""

from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from services.notifier.channels.mail.letter import Origin
from services.notifier.channels.mail.smtp import Server, Tls
from services.notifier.domain import ATTEMPTS
from services.notifier.removal.schedule import parse_schedule
from services.notifier.removal.watching import Rhythm
from shared import settings
from shared.settings import ApprovalSettings

Mailbox = Annotated[str, Field(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$")]
# 1 h, 6 h, 24 h after the notice, daily for a month, then weekly: the contact order's re-check clock.
SCHEDULE = "3600,18000,64800,86400x30,604800"
GUARD_S = (30 + 365) * 86_400.0  # a month of days and a year of weeks: what comes back mostly does within days


class Settings(settings.Settings, ApprovalSettings):
    smtp_host: Annotated[str, Field(description="Submission server for notices")]
    smtp_port: Annotated[int, Field(description="Its port")] = 587
    smtp_username: Annotated[str | None, Field(description="Log-in of the submission server")] = None
    smtp_password: Annotated[SecretStr | None, Field(description="Password for that log-in")] = None
    smtp_tls: Annotated[
        Tls, Field(description="starttls or tls demand it, auto uses STARTTLS where offered, none does not")
    ] = "auto"
    smtp_seconds: Annotated[float, Field(gt=0, description="Longest time for handing over one mail")] = 20.0
    smtp_attempts: Annotated[int, Field(ge=1, description="Attempts before a person is told that a mail fails")] = (
        ATTEMPTS
    )
    recipient_gap_seconds: Annotated[
        float, Field(ge=0, description="Least time between two mails to one recipient, so that none is flooded")
    ] = 1.0
    mail_from: Annotated[Mailbox, Field(description="Sender of notices, also in the envelope: bounces come to it")] = (
        "notices@agency.test"
    )
    agency_name_en: Annotated[
        str, Field(pattern=r"^[^\x00-\x1f\x7f]+$", description="The agency's name, shown as sender")
    ] = "Sample Victim Support Centre"
    agency_reply_to: Annotated[Mailbox, Field(description="Mailbox where a person reads the answers to notices")] = (
        "answers@agency.test"
    )
    check_schedule: Annotated[
        str, Field(description="Seconds before each removal check; `86400x30` repeats, the last goes on for ever")
    ] = SCHEDULE
    confirm_after: Annotated[
        float, Field(gt=0, description="Least seconds between the two checks that prove a removal")
    ] = 600.0
    guard_seconds: Annotated[
        float, Field(ge=0, description="So long after its removal content is looked for, by the same schedule")
    ] = GUARD_S

    @field_validator("check_schedule")
    @classmethod
    def _schedule(cls, text: str) -> str:
        parse_schedule(text)
        return text

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Self:
        if self.smtp_username and self.smtp_tls not in ("starttls", "tls"):
            raise ValueError("HAETAE_SMTP_USERNAME would be sent unencrypted: set HAETAE_SMTP_TLS to starttls or tls")
        return self

    def server(self) -> Server:
        return Server(
            host=self.smtp_host,
            port=self.smtp_port,
            sender=self.mail_from,
            timeout_s=self.smtp_seconds,
            tls=self.smtp_tls,
            username=self.smtp_username,
            password=self.smtp_password,
        )

    def lease_seconds(self) -> float:
        """Longer than a submission and its good-bye can take, or a mail still on its way would be sent again."""
        return 2 * self.smtp_seconds + 5

    def origin(self) -> Origin:
        return Origin(self.agency_name_en, self.mail_from, self.agency_reply_to)

    def rhythm(self) -> Rhythm:
        return Rhythm(parse_schedule(self.check_schedule), self.confirm_after, self.guard_seconds)
