"""Settings of mail: the submission server, the sender's name, signatures, what one recipient gets."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from services.notifier.channels.mail.signing import Signature, read_key
from services.notifier.channels.mail.smtp import Server, Tls
from services.notifier.delivery.budget import Budget
from services.notifier.domain import ATTEMPTS
from shared.settings import Settings

Mailbox = Annotated[str, Field(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$")]
Selector = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*$")]
Mails = Annotated[int, Field(ge=1)]
DEFAULT = Budget()


class MailSettings(BaseSettings):
    model_config = Settings.model_config

    smtp_host: Annotated[str, Field(description="Submission server for notices")]
    smtp_port: Annotated[int, Field(description="Its port")] = 587
    smtp_username: Annotated[str | None, Field(description="Log-in of the submission server")] = None
    smtp_password: Annotated[SecretStr | None, Field(description="Password for that log-in")] = None
    smtp_tls: Annotated[
        Tls, Field(description="starttls or tls demand it, auto uses STARTTLS where offered, none does not")
    ] = "auto"
    smtp_ca_file: Annotated[
        Path | None, Field(description="PEM of those who may certify that server, in place of the system's")
    ] = None
    smtp_seconds: Annotated[float, Field(gt=0, description="Longest time for handing over one mail")] = 20.0
    smtp_attempts: Annotated[int, Field(ge=1, description="Attempts before a person is told that a mail fails")] = (
        ATTEMPTS
    )
    mail_from: Annotated[Mailbox, Field(description="Sender of notices, also in the envelope: bounces come to it")] = (
        "notices@agency.test"
    )
    agency_name_en: Annotated[
        str, Field(pattern=r"^[^\x00-\x1f\x7f]+$", description="The agency's name, shown as sender")
    ] = "Sample Victim Support Centre"
    agency_reply_to: Annotated[Mailbox, Field(description="Mailbox where a person reads the answers to notices")] = (
        "answers@agency.test"
    )
    dkim_key_file: Annotated[
        Path | None, Field(description="Private key that signs mails (DKIM; PEM, RSA or Ed25519); none signs nothing")
    ] = None
    dkim_selector: Annotated[Selector, Field(description="Its selector: the key's name in the DNS")] = "haetae"
    dkim_second_key_file: Annotated[
        Path | None, Field(description="A second key of the other kind, for recipients that know only that")
    ] = None
    dkim_second_selector: Annotated[Selector, Field(description="The second key's selector")] = "haetae2"
    dkim_domain: Annotated[
        str | None, Field(description="Domain that signs; else the one of `HAETAE_MAIL_FROM`, as DMARC wants it")
    ] = None
    recipient_gap_seconds: Annotated[float, Field(ge=0, description="Least time between two mails to one mailbox")] = (
        DEFAULT.gap_s
    )
    mailbox_per_hour: Annotated[Mails, Field(description="Most mails to one mailbox in any hour")] = (
        DEFAULT.mailbox_per_hour
    )
    mailbox_per_day: Annotated[Mails, Field(description="Most mails to one mailbox in any 24 hours")] = (
        DEFAULT.mailbox_per_day
    )
    domain_per_hour: Annotated[Mails, Field(description="Most mails to one registered domain in any hour")] = (
        DEFAULT.domain_per_hour
    )
    domain_per_day: Annotated[Mails, Field(description="Most mails to one registered domain in any 24 hours")] = (
        DEFAULT.domain_per_day
    )

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Self:
        if self.smtp_username and self.smtp_tls not in ("starttls", "tls"):
            raise ValueError("HAETAE_SMTP_USERNAME would be sent unencrypted: set HAETAE_SMTP_TLS to starttls or tls")
        return self

    @model_validator(mode="after")
    def _files_that_can_be_read(self) -> Self:
        self.signatures()
        self.server().context()
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
            authorities=self.smtp_ca_file,
        )

    def signatures(self) -> tuple[Signature, ...]:
        """Raises `ValueError` naming the file that holds no key."""
        domain = self.dkim_domain or self.mail_from.rpartition("@")[2]
        keys = (
            (self.dkim_key_file, self.dkim_selector),
            (self.dkim_second_key_file, self.dkim_second_selector),
        )
        return tuple(read_key(path, selector, domain) for path, selector in keys if path)

    def budget(self) -> Budget:
        return Budget(
            gap_s=self.recipient_gap_seconds,
            mailbox_per_hour=self.mailbox_per_hour,
            mailbox_per_day=self.mailbox_per_day,
            domain_per_hour=self.domain_per_hour,
            domain_per_day=self.domain_per_day,
        )
