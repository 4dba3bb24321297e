"""Check sealed evidence: is every file what the manifest says, and is the manifest what was sealed?

    python haetae_verify/manifest.py FOLDER [--manifest SHA256]

This one file and Python are all it takes, so that anybody can read and run it, years later and offline. Exit status 0
when everything agrees, 1 when anything differs, each difference named.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from haetae_verify.canonical import canonical, digest

FORMAT = "haetae-evidence/1"
NAME = "manifest.json"
PLAIN_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
SHA256 = re.compile(r"[0-9a-f]{64}")


class NotAManifest(ValueError):
    """These bytes are no manifest of ours; the message says why."""


class Listed(NamedTuple):
    name: str
    sha256: str
    bytes: int


Read = Callable[[Listed], bytes | None]


def listed(manifest: bytes) -> list[Listed]:
    """The files that a manifest lists. Raises `NotAManifest`."""
    try:
        content = json.loads(manifest)
        if content["format"] != FORMAT:
            raise NotAManifest(f"{NAME} has format {content['format']!r}; this program knows {FORMAT!r}")
        files = [Listed(item["name"], item["sha256"], item["bytes"]) for item in content["objects"]]
        if canonical(content) != manifest:
            raise NotAManifest(f"{NAME} is not in canonical form: something else wrote or changed it")
        wrong = [item for item in files if not _sound(item)]
    except NotAManifest:
        raise
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotAManifest(f"{NAME} cannot be read: {error!r}") from error
    if wrong:
        raise NotAManifest(f"{NAME} lists {wrong[0]!r}, which is no plain file name with a SHA-256 and a size")
    return files


def differences(manifest: bytes, read: Read, sealed_as: str | None = None) -> list[str]:
    """What does not agree, one sentence each; empty when all is as it was sealed. `read` gives None for a lost file."""
    found = []
    if sealed_as is not None and digest(manifest) != sealed_as:
        found.append(f"{NAME} differs: its SHA-256 is {digest(manifest)}, sealed was {sealed_as}")
    try:
        files = listed(manifest)
    except NotAManifest as error:
        return [*found, str(error)]
    for item in files:
        data = read(item)
        if data is None:
            found.append(f"{item.name} is missing")
        elif digest(data) != item.sha256 or len(data) != item.bytes:
            found.append(f"{item.name} differs: its SHA-256 is {digest(data)}, sealed was {item.sha256}")
    return found


def check_folder(folder: Path, sealed_as: str | None = None) -> list[str]:
    """As `differences`; a file that the manifest does not list is a difference too."""
    try:
        manifest = (folder / NAME).read_bytes()
    except OSError as error:
        return [f"{folder / NAME} cannot be read: {error.strerror}"]

    def read(item: Listed) -> bytes | None:
        path = folder / item.name
        return path.read_bytes() if path.is_file() and not path.is_symlink() else None

    found = differences(manifest, read, sealed_as)
    try:
        names = {NAME, *(item.name for item in listed(manifest))}
    except NotAManifest:
        return found
    return [*found, *(f"{path.name} is not in {NAME}" for path in sorted(folder.iterdir()) if path.name not in names)]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Check sealed evidence.")
    parser.add_argument("folder", type=Path, help=f"the folder with {NAME} and the files it lists")
    parser.add_argument("--manifest", metavar="SHA256", help=f"the digest that {NAME} was sealed with")
    chosen = parser.parse_args(arguments)
    found = check_folder(chosen.folder, chosen.manifest)
    print("\n".join(found) or f"{chosen.folder}: every file is as {NAME} says")  # noqa: T201  # a command's answer
    if not chosen.manifest:
        print(f"give --manifest to check {NAME} itself as well", file=sys.stderr)  # noqa: T201
    return 1 if found else 0


def _sound(item: Listed) -> bool:
    plain = PLAIN_NAME.fullmatch(item.name) is not None and item.name != NAME
    return plain and SHA256.fullmatch(item.sha256) is not None and type(item.bytes) is int


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
