"""CloudNativePG 1.2x, postgresql.cnpg.io/v1, and its Barman Cloud plug-in (https://cloudnative-pg.io/docs)."""

from typing import Annotated, Literal

from pydantic import Field

from deploy.verify.crds.closed import Amount, Closed, Key, Labels, Named, Positive, Resources


class Size(Closed):
    size: Amount
    storage_class: str | None = None


class Parameters(Closed):
    parameters: dict[str, str]


class Initdb(Closed):
    database: str
    owner: str
    encoding: str
    locale_collate: str
    locale_c_type: Annotated[str, Field(alias="localeCType")]
    secret: Named
    post_init_sql: Annotated[list[str], Field(alias="postInitSQL")] = Field(default_factory=list)


class Bootstrap(Closed):
    initdb: Initdb


class Role(Closed):
    name: str
    ensure: Literal["present", "absent"]
    login: bool
    password_secret: Named
    superuser: bool = False
    createrole: bool = False
    bypassrls: bool = False


class Managed(Closed):
    roles: list[Role]


class Inherited(Closed):
    labels: Labels = Field(default_factory=dict)
    annotations: Labels = Field(default_factory=dict)


class Plugin(Closed):
    name: str
    is_wal_archiver: Annotated[bool, Field(alias="isWALArchiver")] = False
    parameters: dict[str, str] = Field(default_factory=dict)


class Cluster(Closed):
    instances: Positive
    image_name: str
    min_sync_replicas: int
    max_sync_replicas: int
    primary_update_strategy: Literal["unsupervised", "supervised"]
    enable_superuser_access: bool
    storage: Size
    wal_storage: Size
    postgresql: Parameters
    resources: Resources
    bootstrap: Bootstrap
    managed: Managed
    inherited_metadata: Inherited | None = None
    plugins: list[Plugin] = Field(default_factory=list)


class PluginConfiguration(Closed):
    name: str


class ScheduledBackup(Closed):
    # With seconds first, unlike cron's own five fields.
    schedule: Annotated[str, Field(pattern=r"^(\S+ ){5}\S+$")]
    immediate: bool
    backup_owner_reference: Literal["none", "self", "cluster"]
    cluster: Named
    method: Literal["plugin", "volumeSnapshot", "barmanObjectStore"]
    plugin_configuration: PluginConfiguration


class S3Login(Closed):
    access_key_id: Key
    secret_access_key: Key


class Packed(Closed):
    compression: Literal["gzip", "bzip2", "lz4", "snappy", "zstd"]
    max_parallel: Positive | None = None


class Barman(Closed):
    destination_path: Annotated[str, Field(pattern=r"^s3://")]
    endpoint_url: Annotated[str, Field(alias="endpointURL", pattern=r"^https://")]
    s3_credentials: S3Login
    wal: Packed
    data: Packed


class ObjectStore(Closed):
    retention_policy: Annotated[str, Field(pattern=r"^[1-9][0-9]*[dwm]$")]
    configuration: Barman


API = "postgresql.cnpg.io/v1"
KINDS: dict[str, type[Closed]] = {
    f"{API}/Cluster": Cluster,
    f"{API}/ScheduledBackup": ScheduledBackup,
    "barmancloud.cnpg.io/v1/ObjectStore": ObjectStore,
}
