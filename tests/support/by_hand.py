"""The commands of docs/bundle.md, which check a bundle without the verifier."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DOCUMENT = (Path(__file__).parents[2] / "docs" / "bundle.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", DOCUMENT, re.M | re.S)
TOOLS = ("bash", "openssl", "unzip", "sha256sum")


def run(folder: Path, *blocks: str) -> subprocess.CompletedProcess[str]:
    """In a folder with a bundle in it. Skips the test where a tool is missing."""
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        pytest.skip(f"{missing[0]} is not on this machine")
    command = ["bash", "-e", "-o", "pipefail", "-c", "\n".join(blocks)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
