"""The web archive (WACZ 1.1.1): every file in it is as its own list says.

Its bytes are covered by the manifest already; this finds an archive that was never whole.
https://specs.webrecorder.net/wacz/1.1.1/
"""

import hashlib
import json
import re
import zipfile
from typing import IO, BinaryIO

from haetae_verify.container import CHUNK, END, MOST
from haetae_verify.shape import MOST_BYTES, Shape
from haetae_verify.wrong import Wrong

PACKAGE, DIGEST = "datapackage.json", "datapackage-digest.json"
HASH = re.compile(r"sha256:[0-9a-f]{64}")
MOST_DIRECTORY = 1 << 20  # bytes: ten thousand files; what is larger would be read into memory before any look at it
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def check_wacz(part: str, file: BinaryIO, most: int = MOST) -> int:
    """How many bytes it unpacks to, no more than `most`. `part`: its name in the bundle. Raises `Wrong`."""
    try:
        _check_directory(part, file)
        with zipfile.ZipFile(file) as archive:
            return _check(part, archive, most)
    except Wrong:
        raise
    except Exception as error:  # on hostile bytes zipfile fails with whatever it comes upon: IndexError, struct.error …
        raise Wrong(part, "wacz", why=error) from error


def _check_directory(part: str, file: BinaryIO) -> None:
    """A ZIP without comment and ZIP64 whose directory is no larger than memory likes."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 20 - END.size))
    tail = file.read(20 + END.size)
    if tail[-END.size :][:4] != b"PK\5\6" or tail[:4] == b"PK\6\7":
        raise Wrong(part, "wacz", why="no plain ZIP")
    if END.unpack(tail[-END.size :])[5] > MOST_DIRECTORY:
        raise Wrong(part, "wacz", why=f"its directory is larger than {MOST_DIRECTORY} bytes")
    file.seek(0)


def _check(part: str, archive: zipfile.ZipFile, most: int) -> int:
    names = [info.filename for info in archive.infolist() if not info.is_dir()]
    if len(set(names)) != len(names) or any(info.compress_type not in METHODS for info in archive.infolist()):
        raise Wrong(part, "wacz", why="a name twice, or a way of packing that the format does not know")
    package = _small(part, archive, PACKAGE)
    listed = {item.text("path"): item for item in Shape(part, json.loads(package), PACKAGE + ": ").objects("resources")}
    if strange := sorted(({*names} ^ {*listed}) - {PACKAGE, DIGEST}):
        raise Wrong(part, "wacz-listed", name=strange[0])
    left = most
    for name, item in listed.items():
        left -= _check_file(part, archive, name, item, left)
    if DIGEST in names:
        said = Shape(part, json.loads(_small(part, archive, DIGEST)), DIGEST + ": ")
        if said.text("hash") != f"sha256:{hashlib.sha256(package).hexdigest()}":
            raise Wrong(part, "wacz-file", name=PACKAGE)
    return most - left


def _check_file(part: str, archive: zipfile.ZipFile, name: str, item: Shape, left: int) -> int:
    size = item.number("bytes")
    if size > left:
        raise Wrong(part, "wacz", why="the web archives unpack to more than 4 GiB")
    if not HASH.fullmatch(item.text("hash")):
        raise Wrong(part, "wacz", why=f"the hash of {name} is no SHA-256")
    with archive.open(name) as file:
        if (size, item.text("hash")) != _measured(file, size):
            raise Wrong(part, "wacz-file", name=name)
    return size


def _measured(file: IO[bytes], most: int) -> tuple[int, str]:
    """Size and hash, of no more than a byte beyond `most`."""
    hasher, size = hashlib.sha256(), 0
    while size <= most and (piece := file.read(min(CHUNK, most + 1 - size))):
        hasher.update(piece)
        size += len(piece)
    return size, f"sha256:{hasher.hexdigest()}"


def _small(part: str, archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Wrong(part, "wacz", why=f"{name} is larger than {MOST_BYTES} bytes")
    return data
