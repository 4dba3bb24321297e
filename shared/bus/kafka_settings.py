"""Where Kafka is, and as whom this process comes to it."""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.bus.kafka_tls import FreshContext

Security = Literal["plaintext", "tls", "sasl-plaintext", "sasl-tls"]
# aiokafka's names for the same, which are Kafka's `security.protocol`.
PROTOCOLS: dict[Security, str] = {
    "plaintext": "PLAINTEXT",
    "tls": "SSL",
    "sasl-plaintext": "SASL_PLAINTEXT",
    "sasl-tls": "SASL_SSL",
}


class KafkaSettings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="HAETAE_",
        secrets_dir=os.environ.get("HAETAE_SECRETS_DIR") or None,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # an error of one setting would repeat the others, keys among them
    )

    kafka_bootstrap: Annotated[str, Field(description="Kafka brokers, `host:port` separated by commas")]
    kafka_idempotence: Annotated[
        bool, Field(description="Idempotent producer; off only for a broker that has none (the embedded one)")
    ] = True
    kafka_security: Annotated[
        Security,
        Field(
            description="How Kafka is spoken to: `plaintext`, `tls` (a client certificate says who we are), `sasl-tls` "
            "(user and password do), or `sasl-plaintext`, to this machine alone"
        ),
    ] = "plaintext"
    kafka_ca_file: Annotated[
        Path | None, Field(description="PEM of whom to trust as Kafka's issuer; none: the system's list")
    ] = None
    kafka_cert_file: Annotated[Path | None, Field(description="PEM of our certificate for Kafka, with its chain")] = (
        None
    )
    kafka_key_file: Annotated[Path | None, Field(description="PEM of its key, without a passphrase")] = None
    kafka_user: Annotated[str | None, Field(description="Our user at Kafka, for `sasl-tls`")] = None
    kafka_password: Annotated[SecretStr | None, Field(description="Its password")] = None
    kafka_mechanism: Annotated[
        Literal["SCRAM-SHA-512", "SCRAM-SHA-256"], Field(description="How the password is proved (RFC 7677)")
    ] = "SCRAM-SHA-512"
    kafka_create_topics: Annotated[
        bool,
        Field(description="Create topics that are missing; off where they come from elsewhere: then they are awaited"),
    ] = True
    topic_prefix: Annotated[str, Field(description="Put before every topic and group name")] = ""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.kafka_security.startswith("sasl") != bool(self.kafka_user and self.kafka_password):
            raise ValueError(
                "HAETAE_KAFKA_USER and HAETAE_KAFKA_PASSWORD: both are needed for HAETAE_KAFKA_SECURITY=sasl-tls, and "
                "neither is used without it"
            )
        if bool(self.kafka_cert_file) != bool(self.kafka_key_file):
            raise ValueError("HAETAE_KAFKA_CERT_FILE and HAETAE_KAFKA_KEY_FILE: give both or neither")
        if (self.kafka_ca_file or self.kafka_cert_file) and "tls" not in self.kafka_security:
            raise ValueError(
                "HAETAE_KAFKA_CA_FILE and HAETAE_KAFKA_CERT_FILE are for TLS: set HAETAE_KAFKA_SECURITY to tls or "
                "sasl-tls, or leave them out"
            )
        if self.kafka_security == "sasl-plaintext" and not all(map(_here, self.kafka_bootstrap.split(","))):
            raise ValueError(
                "HAETAE_KAFKA_SECURITY: sasl-plaintext lets whoever listens read along, so it is for addresses of this "
                "machine (127.0.0.1) alone: set it to sasl-tls"
            )
        self.kafka_identity()
        return self

    def kafka_identity(self) -> dict[str, Any]:
        """What every client of aiokafka takes besides the address. Raises `ValueError` for files it cannot use."""
        client: dict[str, Any] = {"security_protocol": PROTOCOLS[self.kafka_security]}
        if "tls" in self.kafka_security:
            client["ssl_context"] = FreshContext.over(self.kafka_ca_file, self.kafka_cert_file, self.kafka_key_file)
        if self.kafka_user and self.kafka_password:
            client["sasl_mechanism"] = self.kafka_mechanism
            client["sasl_plain_username"] = self.kafka_user
            client["sasl_plain_password"] = self.kafka_password.get_secret_value()
        return client


def _here(server: str) -> bool:
    """An address, not a name: names are resolved by others."""
    host = server.strip().rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
