"""Subscribers of this installation: a folder with a KafkaUser each, kept with the deployment's other manifests. It is
what the broker is given, so there is no second list that could say something else."""

from pathlib import Path
from typing import Any

import yaml

from deploy.access.catalogue import SUBSCRIBER, Principal, subscriber
from deploy.access.commands import allow, set_password, set_quotas
from deploy.access.strimzi import user
from shared.events import TOPICS


def known(folder: Path) -> list[str]:
    """Their ids."""
    return sorted(path.stem.removeprefix(SUBSCRIBER) for path in folder.glob(f"{SUBSCRIBER}*.yaml"))


def file_of(folder: Path, id: str) -> Path:
    return folder / f"{subscriber(id).name}.yaml"


def manifest(one: Principal, prefix: str) -> str:
    return yaml.safe_dump(user(one, prefix, _secret(one)), sort_keys=False)


def write(folder: Path, id: str, prefix: str, peer: bool = False) -> Path:
    """Raises `FileExistsError` naming the cure."""
    path = file_of(folder, id)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x") as file:
            file.write(manifest(subscriber(id, peer), prefix))
    except FileExistsError as error:
        raise FileExistsError(f"subscriber: {id} is there already; `rotate` gives it another password") from error
    return path


def needed(folder: Path, id: str) -> Path:
    """Raises `FileNotFoundError` naming the cure."""
    path = file_of(folder, id)
    if not path.exists():
        raise FileNotFoundError(f"subscriber: there is no {id} in {folder}; `list` shows them, --into names another")
    return path


def peer(folder: Path, id: str) -> bool:
    """Whether statements are exchanged with it, as its manifest has it. Raises as `needed`."""
    acls = yaml.safe_load(needed(folder, id).read_text())["spec"]["authorization"]["acls"]
    names = {acl["resource"]["name"] for acl in acls}
    return any(name.endswith(topic.name) for name in names for topic in TOPICS if topic.peers)


def secret(one: Principal, password: str) -> str:
    """The manifest of its password, to be applied and kept nowhere."""
    made: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": _secret(one)}}
    return yaml.safe_dump(made | {"stringData": {"password": password}}, sort_keys=False)


def commands(one: Principal, prefix: str, password: str | None = None) -> list[str]:
    """For a broker without Strimzi; the password, where one is to be set."""
    first = [set_password(one.name, password)] if password else []
    return [*first, set_quotas(one.name, one.quotas), *allow(one, prefix)]


def _secret(one: Principal) -> str:
    return f"{one.name}-password"
