"""The judges that are programs of others: each gets a file with what was rendered."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from deploy.verify import linters, schemas
from deploy.verify.finding import Finding
from deploy.verify.rendering import Rendered

TOOLS: Mapping[str, Callable[[Rendered, str], Iterator[Finding]]] = {"schemas": schemas.check, "linters": linters.check}


def check(tool: str, rendered: Rendered) -> list[Finding]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{rendered.overlay}.yaml"
        path.write_text(yaml.dump_all((dict(thing.body) for thing in rendered.things), Dumper=yaml.CSafeDumper))
        return list(TOOLS[tool](rendered, str(path)))
