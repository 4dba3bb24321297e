"""How each service reads the files that its settings name: its own readers' errors name the file, the place, the cure.

What is imported here is the service's own: whoever runs another may not have it installed.
"""

import ssl
from collections.abc import Callable, Sequence
from typing import Any

Reader = Callable[[Any], object]  # of the service's settings


def readers(service: str) -> Sequence[tuple[str, Reader]]:
    """By the setting that it reads."""
    match service:
        case "crawler":
            return _of_crawler()
        case "evidence":
            return _of_evidence()
        case "drafter":
            return _of_drafter()
        case "gateway":
            return _of_gateway()
        case "notifier":
            return _of_notifier()
        case _:
            return ()


def _of_net() -> list[tuple[str, Reader]]:
    from shared.net.allowed import read_hosts
    from shared.net.exits import read_exits

    def authorities(settings: Any) -> object:  # noqa: ANN401  # each service has a class of its own
        try:
            return settings.ca_file and ssl.create_default_context(cafile=settings.ca_file)
        except ssl.SSLError as error:
            raise ValueError(f"{settings.ca_file} holds no certificates in PEM ({error.reason})") from None

    return [
        ("exits_file", lambda settings: read_exits(settings.exits_file)),
        ("allowed_hosts_file", lambda settings: read_hosts(settings.allowed_hosts_file)),
        ("ca_file", authorities),
    ]


def _of_crawler() -> Sequence[tuple[str, Reader]]:
    from services.crawler.connectors.registry import connector, names
    from services.crawler.registry.credentials import read_credentials

    def mappings(settings: Any) -> object:  # noqa: ANN401  # each service has a class of its own
        folder = settings.connector_mappings
        return [connector(name, folder) for name in names(folder) if name.startswith("json:")]

    return [
        *_of_net(),
        ("credentials_file", lambda settings: read_credentials(settings.credentials_file)),
        ("connector_mappings", mappings),
    ]


def _of_evidence() -> Sequence[tuple[str, Reader]]:
    from services.evidence.orders import retention
    from shared.stamps import authorities

    return [
        *_of_net(),
        ("retention_file", lambda settings: retention.load(settings.retention_file)),
        ("stamp_authorities_file", lambda settings: authorities.read(settings.stamp_authorities_file)),
    ]


def _of_drafter() -> Sequence[tuple[str, Reader]]:
    from services.drafter.contacts.files import load_contacts
    from services.drafter.law import load_laws

    return [
        ("laws_file", lambda settings: load_laws(settings.laws_file)),
        ("contacts_file", lambda settings: load_contacts(settings.contacts_file)),
    ]


def _of_gateway() -> Sequence[tuple[str, Reader]]:
    from services.gateway.door.house import read_file
    from services.gateway.oidc.mapping import read_mapping
    from shared.stamps import authorities

    return [
        ("door_file", lambda settings: read_file(settings.door_file)),
        ("oidc_people_file", lambda settings: settings.oidc_people_file and read_mapping(settings.oidc_people_file)),
        ("stamp_authorities_file", lambda settings: authorities.read(settings.stamp_authorities_file)),
    ]


def _of_notifier() -> Sequence[tuple[str, Reader]]:
    from services.notifier.channels.api.credentials import read_credentials
    from services.notifier.channels.api.files import read_connectors

    return [
        *_of_net(),
        ("connectors_dir", lambda settings: read_connectors(settings.connectors_dir)),
        ("connector_credentials_file", lambda settings: read_credentials(settings.connector_credentials_file)),
    ]
