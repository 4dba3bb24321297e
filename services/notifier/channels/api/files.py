"""The connector files: those that come with the notifier, and the agency's own, which come before ours of one name."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.notifier.channels.api.connector import Connector
from shared.toml import read_toml

SHIPPED = Path(__file__).parents[2] / "data" / "connectors"
MOST_BYTES = 64 * 1024  # of a file: the longest shipped one is 4 KB
EXTENDS = "extends"


class BadConnector(ValueError):
    """The file is no connector. The message names file, field and cure."""


def read_connectors(folder: Path | None = None) -> dict[str, Connector]:
    """By name. Raises `BadConnector` for the first that is wrong."""
    tables = {**_tables(SHIPPED), **_tables(folder)}
    return {table["name"]: _connector(file, table, tables) for file, table in tables.values()}


def read_file(file: Path) -> Connector:
    """One file by itself; what it extends is one of ours, or beside it. Raises `BadConnector`."""
    tables = {**_tables(SHIPPED), **_tables(file.parent)}
    return _connector(file, _table(file), tables)


def _tables(folder: Path | None) -> dict[str, tuple[Path, dict[str, Any]]]:
    if folder is None:
        return {}
    if not folder.is_dir():
        raise BadConnector(f"HAETAE_CONNECTORS_DIR={folder} is no folder: name one that holds connector files (*.toml)")
    tables = [(file, _table(file)) for file in sorted(folder.glob("*.toml"))]
    return {str(table.get("name", "")): (file, {"name": "", **table}) for file, table in tables}


def _table(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise BadConnector(f"{file}: larger than {MOST_BYTES} bytes: it is no connector")
        return read_toml(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConnector(f"{file}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConnector(f"{file}: it is no TOML: {error}") from error


def _connector(file: Path, table: dict[str, Any], tables: Mapping[str, tuple[Path, dict[str, Any]]]) -> Connector:
    if (parent := table.get(EXTENDS)) is not None:
        if not isinstance(parent, str) or parent not in tables or EXTENDS in tables[parent][1]:
            raise BadConnector(f"{file}: {EXTENDS}: {parent!r} is no connector that stands by itself")
        table = {**tables[parent][1], **{name: value for name, value in table.items() if name != EXTENDS}}
    if table.get("name") != file.stem:
        raise BadConnector(f"{file}: name: {table.get('name')!r} is not the file's: write name = {file.stem!r}")
    try:
        return Connector.model_validate(table)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, wrong["loc"]))
        raise BadConnector(
            f"{file}: {field + ': ' if field else ''}{wrong['msg'].removeprefix('Value error, ')}"
        ) from None
