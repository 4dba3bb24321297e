"""`docs/settings.md`, from the settings that the services declare: `python -m haetae.settings_doc FILE`."""

import importlib
import sys
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from services import SERVICES
from shared.settings import Settings

HEAD = """# Settings

Written by `make docs` from the services' `settings.py`. Each is an environment variable, or a file of that name in
`HAETAE_SECRETS_DIR`. A service that misses one says which and ends.
"""


def page() -> str:
    groups = {"All services": dict(Settings.model_fields)}
    for service in SERVICES:
        declared = importlib.import_module(f"services.{service}.settings").Settings.model_fields
        groups[service] = {name: field for name, field in declared.items() if name not in Settings.model_fields}
    return HEAD + "".join(f"\n## {title}\n\n{table(fields)}" for title, fields in groups.items() if fields)


def table(fields: dict[str, FieldInfo]) -> str:
    rows = [f"| `HAETAE_{name.upper()}` | {default(field)} | {field.description} |" for name, field in fields.items()]
    return "| variable | default | meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    if field.annotation is SecretStr or field.default in (None, ""):
        return "none"
    return f"`{field.default}`"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
