"""Files that settings name: there, readable, readable by nobody else where they hold secrets, and of the right form."""

import os
import stat
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.file_readers import readers
from haetae.doctor.patient import PREFIX, Patient, settings_class

FILES = Subject("files")
# What only the service's own user and group may read. Where a file of another kind holds a secret (an exit's password),
# its reader looks.
SECRET = (
    "dkim_key_file",
    "dkim_second_key_file",
    "transit_token_file",
    "credentials_file",
    "connector_credentials_file",
)
MOST = 16 * 1024 * 1024  # of a file that people write; the longest lists of hosts have some MiB
MADE_LATER = ("hash_index",)  # by the service itself


async def look(patient: Patient) -> Sequence[Diagnosis]:
    absent = {name for name, path in named(patient) if name not in MADE_LATER and not path.exists()}
    found = [_absent(name, path) for name, path in named(patient) if name in absent]
    # A pipe is waited for, a device never ends.
    odd = {name: path for name, path in named(patient) if path.exists() and not (path.is_file() or path.is_dir())}
    found += [_odd(name, path) for name, path in odd.items()]
    read = {name for name, _ in readers(patient.service)}
    large = {name: path for name, path in named(patient) if name in read and path.is_file() and _size(path) > MOST}
    found += [_large(name, path) for name, path in large.items()]
    found += [_open(name, path) for name, path in named(patient) if name in SECRET and path.exists() and is_open(path)]
    found += secrets_folder(patient)
    for name, reader in readers(patient.service):
        if name not in absent | odd.keys() | large.keys():
            try:
                reader(patient.settings)
            except (ValueError, OSError) as error:
                found.append(FILES.failed((PREFIX + name).upper(), str(error), "mend the file, or name another"))
    number = len(list(named(patient)))
    return found or [FILES.ok("as a whole", f"{number} named, all of them as they should be")]


def named(patient: Patient) -> Iterator[tuple[str, Path]]:
    """Settings that are paths, with their values."""
    for name, field in settings_class(patient.service).model_fields.items():
        kinds = get_args(field.annotation) if isinstance(field.annotation, types.UnionType) else (field.annotation,)
        if Path in kinds and (path := getattr(patient.settings, name)) is not None and not _of_hub(patient, name):
            yield name, path


def _of_hub(patient: Patient, name: str) -> bool:
    """Whether a model is named that a hub has."""
    return name.endswith("_model") and bool(getattr(patient.settings, "model_hub", False))


def _absent(name: str, path: Path) -> Diagnosis:
    where = next(one for one in path.absolute().parents if one.exists())
    said = f"{path} is not there, or cannot be seen by {_user()}; {where} is"
    return FILES.failed((PREFIX + name).upper(), said, "put the file there, or name another")


def _odd(name: str, path: Path) -> Diagnosis:
    return FILES.failed((PREFIX + name).upper(), f"{path} is a pipe, a device or a socket", "name an ordinary file")


def _size(path: Path) -> int:
    return path.stat().st_size


def _large(name: str, path: Path) -> Diagnosis:
    said = f"{path} has {_size(path):,} bytes, more than {MOST:,}: it was not read"
    return FILES.failed((PREFIX + name).upper(), said, "name the file that was meant")


def _open(name: str, path: Path) -> Diagnosis:
    return FILES.failed((PREFIX + name).upper(), f"everybody on this machine may read {path}", f"chmod o= {path}")


def is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IRWXO)


def secrets_folder(patient: Patient) -> Iterator[Diagnosis]:
    if not (folder := patient.env.get("HAETAE_SECRETS_DIR")):
        return
    if not Path(folder).is_dir():
        yield FILES.failed("HAETAE_SECRETS_DIR", f"{folder} is no folder", "name the folder where secrets are mounted")
        return
    if is_open(Path(folder)):  # without a way into the folder nobody gets at its files
        for path in sorted(Path(folder).glob("[Hh][Aa][Ee][Tt][Aa][Ee]_*")):
            if path.is_file() and is_open(path):
                yield FILES.failed(
                    "HAETAE_SECRETS_DIR", f"everybody on this machine may read {path}", f"chmod o= {path}"
                )


def _user() -> str:
    return f"uid {os.geteuid()}"
