"""What the code says, as plain values: settings, topics, groups, rights. Nothing here is a list kept by hand."""

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from pydantic.fields import FieldInfo

from deploy.access.catalogue import Principal, groups, principals, subscriber
from deploy.access.tables import tables
from deploy.local.access import ONLY_FOR, S3_USERS
from shared.events import Event
from shared.handling import Service
from shared.lanes import topics
from shared.net import NetSettings
from shared.settings import Settings

PREFIX = "HAETAE_"


@dataclass(frozen=True)
class Told:
    """One service, as its code tells of itself."""

    name: str
    settings: type[Settings]
    reads: Mapping[str, frozenset[str]]  # topics by group
    topics: Mapping[str, int]  # all that it touches, with their partitions

    @property
    def fields(self) -> Mapping[str, FieldInfo]:
        return {PREFIX + name.upper(): field for name, field in self.settings.model_fields.items()}

    @property
    def browses(self) -> bool:
        """It fetches from the web, or posts to it, through the guarded fetcher."""
        return issubclass(self.settings, NetSettings)


@dataclass(frozen=True)
class Facts:
    services: Mapping[str, Told]
    topics: Mapping[str, int]
    principals: Mapping[str, Principal]

    def principal(self, name: str) -> Principal | None:
        """Of a service, or of a subscriber, whose rights follow from its name."""
        if name.startswith("agency-"):
            return subscriber(name.removeprefix("agency-"))
        return self.principals.get(name)


@cache
def facts() -> Facts:
    """Takes seconds: it imports every service with its libraries."""
    services = tables()
    told = {service.name: _told(service) for service in services}
    every = {name: partitions for one in told.values() for name, partitions in one.topics.items()}
    return Facts(told, every, {one.name: one for one in principals(services)})


def may_know(service: str, setting: str) -> bool:
    """As deploy/local/access.py says. Who keeps or judges pictures has an identity of its own at the object store."""
    if setting.startswith("HAETAE_S3_"):
        return service in S3_USERS
    return all(service in users for prefix, users in ONLY_FOR.items() if setting.startswith(prefix))


def _told(service: Service) -> Told:
    lanes: dict[str, Iterable[type[Event]]] = {"case": service.handles, "hot": service.batches}
    reads = {
        group: frozenset(event.topic.name for event in lanes[group.removeprefix(f"{service.name}.")])
        for group in groups(service)
    }
    settings = importlib.import_module(f"services.{service.name}.settings").Settings
    return Told(service.name, settings, reads, topics(service))
