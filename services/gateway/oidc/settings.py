"""Settings of a log-in by an identity provider."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from shared.settings import Settings


class OidcSettings(BaseSettings):
    model_config = Settings.model_config

    oidc_issuer: Annotated[
        str | None,
        Field(
            description="Identity provider (OpenID Connect), as it names itself, `https://…`; else local accounts alone"
        ),
    ] = None
    oidc_client_id: Annotated[str, Field(description="This gateway's name at the identity provider")] = "haetae"
    oidc_client_secret: Annotated[
        SecretStr | None, Field(description="Its secret there; none for a public client, which PKCE protects alone")
    ] = None
    oidc_people_file: Annotated[
        Path | None,
        Field(description="TOML: which groups have which roles and agency (services/gateway/oidc/mapping.py)"),
    ] = None
    oidc_label: Annotated[str, Field(description="What people call the identity provider, on the login page")] = "SSO"
    oidc_acr: Annotated[
        str, Field(description="Ways of proving (`acr`) that are enough, separated by commas; empty: what it decides")
    ] = ""
    oidc_ca_file: Annotated[
        Path | None, Field(description="Certificates that the identity provider's is checked against, PEM")
    ] = None
