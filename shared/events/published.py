"""What the folder `contracts/` says to others: revisions of public schemas, byte for byte as they were published."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "contracts"


@dataclass(frozen=True)
class Published:
    """`schemas`: files by type and version, also of types that are given up. `asyncapi`: the description of all."""

    schemas: dict[str, dict[str, bytes]]
    asyncapi: bytes


@cache
def published(folder: Path = FOLDER) -> Published:
    """Raises `FileNotFoundError` where the folder did not come with the code."""
    asyncapi = (folder / "asyncapi.json").read_bytes()
    schemas: dict[str, dict[str, bytes]] = {}
    for path in sorted(folder.glob("*/*.json")):
        content = path.read_bytes()
        if not path.stem.endswith(".example") and json.loads(content)["x-public"]:
            schemas.setdefault(path.parent.name, {})[path.stem] = content
    return Published(schemas, asyncapi)
