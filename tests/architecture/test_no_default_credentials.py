"""Nothing starts with a password, key or token that stands in the repository: it is given, or made at random."""

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from deploy.local.home import Home
from services import SERVICES

ROOT = Path(__file__).parents[2]
OPENS = re.compile(r"(^|_)(password|passwd|secret|token|key|keys|credential|credentials|pin)(_|$)", re.I)
# Named like one, and none: what a key is called, and where one lies.
NAMES = {"transit_key": "the name of a key of the key service"}
# For a cluster on one's own machine, as it says itself; whatever else starts anything is held against this list.
KNOWN_TO_EVERYBODY = {"deploy/k8s/overlays/dev/kustomization.yaml"}
REFERENCE = re.compile(r"^(\{\{.*\}\}|\$\(?\{?\w+[\w.]*\}?\)?|)$")  # of a template or a variable: filled in elsewhere


def secrets_of(service: str) -> dict[str, Any]:
    """Fields that are secrets by their type or name, and their defaults."""
    fields = importlib.import_module(f"services.{service}.settings").Settings.model_fields
    typed = {name for name, field in fields.items() if SecretStr in (field.annotation, *get_args(field.annotation))}
    named = {
        name
        for name, field in fields.items()
        if OPENS.search(name) and str in (field.annotation, *get_args(field.annotation))
    }
    return {name: fields[name].default for name in typed | named - set(NAMES)}


@pytest.mark.parametrize("service", SERVICES)
def test_no_secret_of_a_service_has_a_default(service: str) -> None:
    found = secrets_of(service)
    assert "database_url" in found
    assert {name: value for name, value in found.items() if value not in (None, PydanticUndefined, SecretStr(""))} == {}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_without_its_secrets_does_not_start_and_names_them(service: str) -> None:
    needed = {f"HAETAE_{name}".upper() for name, value in secrets_of(service).items() if value is PydanticUndefined}
    env = {name: value for name, value in os.environ.items() if not name.upper().startswith("HAETAE_")}
    begun = [sys.executable, "-m", f"services.{service}"]
    done = subprocess.run(begun, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert {name for name in needed if f"{name} is not set" not in done.stderr} == set()


def documents() -> Iterator[tuple[str, Any]]:
    """Every manifest that starts something, with its path."""
    told = subprocess.run(
        ["git", "ls-files", "deploy/**.yaml", "deploy/**.yml"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in told.stdout.splitlines():
        if (ROOT / name).exists():
            yield from ((name, one) for one in yaml.safe_load_all((ROOT / name).read_text(encoding="utf-8")) if one)


def written(value: Any, under: str = "") -> Iterator[str]:  # whatever a manifest holds
    """Secrets that stand in a manifest as text: of a Secret, of a generator, of a variable, within an address."""
    if isinstance(value, dict):
        if value.get("kind") == "Secret":
            for part in ("data", "stringData"):
                yield from (
                    f"Secret {name}" for name, text in (value.get(part) or {}).items() if not REFERENCE.match(str(text))
                )
        if isinstance(value.get("name"), str) and OPENS.search(value["name"]) and isinstance(value.get("value"), str):
            yield value["name"]
        for generator in value.get("secretGenerator") or ():
            yield from (f"generator {one.partition('=')[0]}" for one in generator.get("literals") or ())
        for name, inner in value.items():
            yield from written(inner, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from written(inner, under)
    elif isinstance(value, str):
        if re.search(r"://[^/@\s:{}$]+:[^/@\s{}$]+@", value):
            yield f"{under}: an address with a password"
        if (
            re.fullmatch(r"HAETAE_\w+", under)
            and OPENS.search(under)
            and not under.endswith(("_FILE", "_DIR"))
            and not REFERENCE.match(value)
        ):
            yield under


def test_no_manifest_holds_a_secret_but_the_one_for_ones_own_machine() -> None:
    found: dict[str, list[str]] = {}
    for name, document in documents():
        if secrets := [*written(document)]:
            found.setdefault(name, []).extend(secrets)
    assert {name: secrets for name, secrets in found.items() if name not in KNOWN_TO_EVERYBODY} == {}
    assert set(found) == KNOWN_TO_EVERYBODY, "the list names what no longer needs to be there"


def test_the_one_for_ones_own_machine_says_so_and_nothing_builds_on_it() -> None:
    for name in KNOWN_TO_EVERYBODY:
        assert "known to everybody: never where anybody else comes in" in " ".join(
            (ROOT / name).read_text().replace("# ", "").split()
        )
    builds_on = [
        name for name, one in documents() if "overlays/dev" in yaml.safe_dump(one) or "../dev" in yaml.safe_dump(one)
    ]
    assert builds_on == []


def test_an_image_holds_no_secret() -> None:
    """No variable, argument or file with one."""
    lines = (ROOT / "deploy/images/Containerfile").read_text().splitlines()
    assert [
        line for line in lines if re.match(r"\s*(ENV|ARG)\b", line) and OPENS.search(re.sub(r"[\s=]", "_", line))
    ] == []


def test_two_stacks_share_no_secret(tmp_path: Path) -> None:
    made = []
    for name in ("one", "other"):
        home = Home(tmp_path / name)
        made.append(
            {home.secret("postgres"), home.secret("s3_root"), home.secret("approval_key"), home.key("master_key")}
        )
        home.release()
    assert not made[0] & made[1]
    assert all(len(secret) >= 32 for secret in made[0])


@pytest.mark.parametrize(
    "planted",
    [
        {"kind": "Secret", "stringData": {"password": "stand-in"}},
        {"secretGenerator": [{"name": "a", "literals": ["b=stand-in"]}]},
        {"env": [{"name": "HAETAE_MASTER_KEY", "value": "stand-in"}]},
        {"data": {"HAETAE_SMTP_PASSWORD": "stand-in"}},
        {"url": "postgresql://us:stand-in@host/x"},
    ],
)
def test_a_planted_secret_is_found(planted: dict[str, Any]) -> None:
    assert [*written(planted)]


def test_what_is_filled_in_elsewhere_is_none() -> None:
    assert not [*written({"data": {"HAETAE_SMTP_PASSWORD": "{{ .smtp_password }}"}, "secretKey": "database"})]
