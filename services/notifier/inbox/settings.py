"""Settings of the agency's mailbox: where the answers to notices, and the bounces, are read."""

import ipaddress
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from services.notifier.inbox.imap import Server, Tls
from shared.settings import Settings


class InboxSettings(BaseSettings):
    model_config = Settings.model_config

    imap_host: Annotated[
        str | None,
        Field(description="IMAP server of the mailbox that gets answers and bounces; none: they are not read"),
    ] = None
    imap_port: Annotated[int, Field(description="Its port")] = 993
    imap_tls: Annotated[Tls, Field(description="tls, starttls, or none (on this machine alone)")] = "tls"
    imap_ca_file: Annotated[
        Path | None, Field(description="Certificates (PEM) that its own is checked against; none: the system's")
    ] = None
    imap_username: Annotated[str, Field(description="Log-in of the mailbox")] = ""
    imap_password: Annotated[SecretStr, Field(description="Password for that log-in")] = SecretStr("")
    imap_folder: Annotated[str, Field(description="Folder that is read")] = "INBOX"
    imap_seconds: Annotated[float, Field(gt=0, description="Longest wait for one answer of the server")] = 30.0
    imap_poll_seconds: Annotated[float, Field(gt=0, description="Time between two looks for new mail")] = 30.0
    imap_authserv_id: Annotated[
        str,
        Field(
            description="Name in our own server's Authentication-Results (RFC 8601): only a sender whose domain it "
            "found proven then speaks for a recipient. Empty: the From line is believed"
        ),
    ] = ""

    @model_validator(mode="after")
    def _log_in_is_whole_and_not_in_the_clear(self) -> Self:
        if self.imap_host is None:
            return self
        if not self.imap_username or not self.imap_password.get_secret_value():
            raise ValueError("HAETAE_IMAP_HOST is set: set HAETAE_IMAP_USERNAME and HAETAE_IMAP_PASSWORD too")
        if self.imap_tls == "none" and not _on_this_machine(self.imap_host):
            raise ValueError("HAETAE_IMAP_PASSWORD would be sent unencrypted: set HAETAE_IMAP_TLS to tls or starttls")
        return self

    def mailbox(self) -> Server | None:
        if self.imap_host is None:
            return None
        return Server(
            host=self.imap_host,
            port=self.imap_port,
            username=self.imap_username,
            password=self.imap_password,
            tls=self.imap_tls,
            folder=self.imap_folder,
            timeout_s=self.imap_seconds,
            ca_file=str(self.imap_ca_file) if self.imap_ca_file else None,
        )


def _on_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
