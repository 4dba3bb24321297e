"""Makes the client's package: description → generator → a folder that a wheel can be built from."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from services.gateway.web import routed

HERE = Path(__file__).parent
PACKAGE = "haetae_client"


class NotMade(RuntimeError):
    """The generator could not make something of the description; the message is its own."""


def make(folder: Path) -> Path:
    """The package in a fresh `folder`, with what a wheel needs. Raises `NotMade`; an operation that is left out is no
    small matter, so a warning is one too."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    description = folder / "openapi.json"
    description.write_text(json.dumps(routed().openapi(), ensure_ascii=False, indent=1), encoding="utf-8")
    generate(description, folder / PACKAGE)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(HERE / name, folder / name)
    return folder / PACKAGE


def generate(description: Path, out: Path) -> None:
    command = [str(Path(sys.executable).parent / "openapi-python-client"), "generate", "--meta", "none"]
    command += ["--path", str(description), "--config", str(HERE / "generator.yml"), "--output-path", str(out)]
    run = subprocess.run([*command, "--fail-on-warning"], capture_output=True, text=True)  # noqa: S603  # all ours
    if run.returncode:
        raise NotMade(run.stdout + run.stderr)
    (out / "py.typed").touch()
