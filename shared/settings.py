"""Settings that every service reads, from `HAETAE_*` variables or files of `HAETAE_SECRETS_DIR`.

A service adds its own by subclassing. Every field has a description: `docs/settings.md` is made from them.
"""

import os
from pathlib import Path
from typing import Annotated, get_args

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from shared.bus.kafka_settings import KafkaSettings


class Settings(KafkaSettings):
    database_url: Annotated[SecretStr, Field(description="PostgreSQL, as `postgresql+psycopg://role:password@host/db`")]
    instance: Annotated[str, Field(description="Name of this process, unique in its service (the pod's name)")] = "0"
    ops_port: Annotated[int, Field(description="Port of /livez, /readyz and /metrics; 0 chooses one")] = 0
    ops_host: Annotated[str, Field(description="Address that the ops port listens on")] = "127.0.0.1"
    log_level: Annotated[str, Field(description="debug, info, warning or error")] = "info"
    gateway_url: Annotated[
        str | None,
        Field(
            description="Where browsers and programs reach the gateway, `https://…` without a path: needed for an "
            "identity provider and for services that sign assertions, and stands in public events (`dataschema`). "
            "Without it the gateway takes its host and port"
        ),
    ] = None
    otlp_endpoint: Annotated[
        str | None, Field(description="OTLP/HTTP collector for traces, `http://host:4318`; none sends none")
    ] = None
    trace_share: Annotated[
        float, Field(ge=0, le=1, description="Share of visits and requests whose traces are sent; of cases, all are")
    ] = 1.0
    dead_letter_limit: Annotated[
        int, Field(ge=1, description="Records put aside within the window; one more stops the service, loudly")
    ] = 20
    dead_letter_window_seconds: Annotated[float, Field(gt=0, description="The window of `dead_letter_limit`")] = 300.0
    drain_seconds: Annotated[float, Field(description="Longest wait for work in flight when stopping")] = 20.0


class S3Settings(BaseSettings):
    """Where objects are kept."""

    model_config = Settings.model_config

    s3_endpoint: Annotated[str, Field(description="S3, `host:port`")]
    s3_access_key: Annotated[str, Field(description="S3 access key")]
    s3_secret_key: Annotated[SecretStr, Field(description="S3 secret key")]
    s3_secure: Annotated[bool, Field(description="TLS to the S3 store")] = True
    s3_bucket_prefix: Annotated[str, Field(description="Put before every bucket name")] = ""
    s3_region: Annotated[
        str | None, Field(description="The store's region; else it is asked, which takes a right on every bucket")
    ] = None


class ObjectSettings(S3Settings):
    """For services that keep objects of cases."""

    master_key: Annotated[
        SecretStr | None,
        Field(description="Base64 of 32 bytes; wraps the key of each case. Needed unless `HAETAE_TRANSIT_URL` is set"),
    ] = None
    former_master_keys: Annotated[
        SecretStr | None,
        Field(description="Master keys of the past, separated by commas, until `haetae keys rewrap` has replaced them"),
    ] = None
    mirror_dir: Annotated[
        Path | None,
        Field(
            description="Folder on another disk or machine that has a copy of each object and key before it counts as "
            "kept; for the evidence service alone. The embedded stack sets it by `haetae backup into`"
        ),
    ] = None
    transit_url: Annotated[
        str | None,
        Field(description="Key service that wraps instead (HashiCorp Vault or OpenBao, transit engine), `https://…`"),
    ] = None
    transit_mount: Annotated[str, Field(description="Where its transit engine is mounted")] = "transit"
    transit_key: Annotated[str, Field(description="The name of its key, of the kind aes256-gcm96")] = "haetae"
    transit_token: Annotated[SecretStr | None, Field(description="Token for it; or give the file")] = None
    transit_token_file: Annotated[
        Path | None, Field(description="File with the token, read for each request: whoever renews it replaces it")
    ] = None


class HashOnlySettings(BaseSettings):
    """For services that see pictures: an agency that may not possess them says so once for all of them."""

    model_config = Settings.model_config

    hash_only: Annotated[
        bool, Field(description="Keep hashes alone: no byte of a picture or video is written anywhere")
    ] = False


class QuarantineSettings(HashOnlySettings):
    """For a service that keeps what it fetched for a short time, if it is given a store and a key for that."""

    quarantine_key: Annotated[
        SecretStr | None,
        Field(description="Base64 of 32 bytes; wraps the key of each day. Without it and `HAETAE_S3_*`: hash-only"),
    ] = None
    quarantine_hours: Annotated[
        float, Field(gt=0, le=24 * 30, description="Pictures can be read for so long, and at most a day longer")
    ] = 24.0
    s3_endpoint: Annotated[str | None, Field(description="S3 for the quarantine, `host:port`")] = None
    s3_access_key: Annotated[str | None, Field(description="S3 access key, for the bucket `quarantine` alone")] = None
    s3_secret_key: Annotated[SecretStr | None, Field(description="S3 secret key")] = None
    s3_secure: Annotated[bool, Field(description="TLS to the S3 store")] = True
    s3_bucket_prefix: Annotated[str, Field(description="Put before every bucket name")] = ""
    s3_region: Annotated[
        str | None, Field(description="The store's region; else it is asked, which takes a right on every bucket")
    ] = None


class ApprovalSettings(BaseSettings):
    """For the gateway, which seals approvals, and the notifier, which sends nothing without the seal."""

    model_config = Settings.model_config

    approval_key: Annotated[
        SecretStr, Field(min_length=32, description="Random text, the same for gateway and notifier: seals approvals")
    ]
    former_approval_keys: Annotated[
        SecretStr | None,
        Field(description="Approval keys of the past, between commas: their seals still count; empty after a leak"),
    ] = None


class StampSettings(BaseSettings):
    """For services that have somebody else attest when something was there (RFC 3161)."""

    model_config = Settings.model_config

    stamp_authorities_file: Annotated[
        Path | None,
        Field(description="TOML, [[authority]] name, url, ca_file, policy: they stamp (RFC 3161); none: nobody"),
    ] = None
    stamp_seconds: Annotated[
        float, Field(gt=0, le=30, description="Longest wait for a time stamp; what is not there then comes later")
    ] = 2.0


def forget_secrets(settings: type[BaseSettings]) -> None:
    """Children inherit none of what these settings have read as a secret. Read the settings first."""
    prefix = str(settings.model_config.get("env_prefix", ""))
    kinds = {name: (field.annotation, *get_args(field.annotation)) for name, field in settings.model_fields.items()}
    secret = {f"{prefix}{name}".upper() for name, among in kinds.items() if SecretStr in among}
    for name in [name for name in os.environ if name.upper() in secret]:
        del os.environ[name]
