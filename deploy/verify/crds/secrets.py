"""External Secrets, external-secrets.io/v1 (https://external-secrets.io/latest/api/spec/)."""

from typing import Literal

from pydantic import Field

from deploy.verify.crds.closed import Anything, Closed, Duration, Labels, Name


class StoreRef(Closed):
    kind: Literal["SecretStore", "ClusterSecretStore"]
    name: Name


class TemplateMetadata(Closed):
    labels: Labels = Field(default_factory=dict)
    annotations: Labels = Field(default_factory=dict)


class Template(Closed):
    engine_version: Literal["v2"]
    type: str | None = None
    metadata: TemplateMetadata | None = None
    data: dict[str, str]


class Target(Closed):
    name: Name
    creation_policy: Literal["Owner", "Orphan", "Merge", "None"]
    template: Template | None = None


class Remote(Closed):
    key: str
    property: str


class Data(Closed):
    secret_key: str
    remote_ref: Remote


class ExternalSecret(Closed):
    refresh_interval: Duration
    secret_store_ref: StoreRef
    target: Target
    data: list[Data]


class SecretStore(Closed):
    provider: Anything  # whichever the agency has


API = "external-secrets.io/v1"
KINDS: dict[str, type[Closed]] = {f"{API}/ExternalSecret": ExternalSecret, f"{API}/SecretStore": SecretStore}
