"""`python -m haetae.contract`: keeps what is new, refuses what older readers could not take, writes what is derived."""

import json
import sys
from pathlib import Path
from typing import Any

from deploy.access.tables import tables
from haetae.contract import asyncapi
from haetae.contract.allowing import unlisted
from haetae.contract.kept import FOLDER, keep, tampered
from shared.events.schemas import page


def documents() -> dict[str, dict[str, Any]]:
    """By file of the folder."""
    return {"asyncapi.json": asyncapi.public(), "asyncapi-internal.json": asyncapi.internal(tables())}


def text_of(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "sha256sums").touch()
    problems = [*tampered(FOLDER), *unlisted(FOLDER)]
    problems += [] if problems else keep(FOLDER)
    for name, document in documents().items():
        (FOLDER / name).write_text(text_of(document))
    Path("docs/events/README.md").write_text(page())
    if problems:
        print("\n".join(problems), file=sys.stderr)  # noqa: T201  # a tool of `make docs`
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
