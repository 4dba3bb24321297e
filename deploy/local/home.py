"""The one folder of a stack: its lock, its secrets (made once), its ports, its logs, its data."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from shared.plain_files import sync_folder

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
# 24 random bytes: 192 bits, no special characters, so that they go into URLs and configuration files as they are.
SECRET_BYTES = 24
KEY_BYTES = 32
LOCK = "lock"
RESTORING = "restoring"  # a file that is there from the first to the last step of a restore into the home


class HomeInUse(RuntimeError):
    """Another supervisor runs in this home."""


class HalfRestored(RuntimeError):
    """A restore into this home did not come to its end: what is there is not all of it."""


class HomeOpen(ValueError):
    """Others can look into the folder, and it is not ours to close."""


class Home:
    """A folder that belongs to one running stack at a time, and to its user. Raises `HomeInUse` when that is another
    one, `HomeOpen` for somebody else's folder and for an open one with things that are not a stack's."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.logs = self.path / "log"
        self.path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        make_private(self.path)
        self.logs.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        self._lock: IO[str] | None = self._take_lock()
        self._secrets = self._stored("secrets.json")
        self._ports = self._stored("ports.json")

    def secret(self, name: str) -> str:
        """A random password that stays the same for the life of the home."""
        return self._remembered(self._secrets, "secrets.json", name, secrets.token_urlsafe(SECRET_BYTES))

    def key(self, name: str) -> str:
        """Base64 of 32 random bytes, that wrap other keys; the same for the life of the home."""
        key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
        return self._remembered(self._secrets, "secrets.json", name, key)

    def change_key(self, name: str, former: str) -> None:
        """Another key from now on; the old one is the first of `former`, separated by commas."""
        kept = [self.key(name), *filter(None, self._secrets.get(former, "").split(","))]
        del self._secrets[name]
        self._secrets[former] = ",".join(kept)
        self.key(name)

    def change_secret(self, name: str, former: str) -> None:
        """The same for a password that others may have sealed with."""
        kept = [self.secret(name), *filter(None, self._secrets.get(former, "").split(","))]
        del self._secrets[name]
        self._secrets[former] = ",".join(kept)
        self.secret(name)

    def forget_all(self, beginning: str) -> int:
        """Secrets with names that begin so are made anew when they are asked for; how many."""
        names = [name for name in self._secrets if name.startswith(beginning)]
        for name in names:
            self.forget(name)
        return len(names)

    def given(self, name: str) -> str | None:
        """A secret that was put there, never made."""
        return self._secrets.get(name) or None

    def take_secrets(self, secrets: Mapping[str, str]) -> None:
        """Those of another home, that this one takes the place of."""
        self._secrets |= secrets
        write_private(self.path / "secrets.json", json.dumps(self._secrets, indent=1))

    def forget(self, name: str) -> None:
        self._secrets.pop(name, None)
        write_private(self.path / "secrets.json", json.dumps(self._secrets, indent=1))

    def last_port(self, name: str) -> int | None:
        """The port that `name` had in the last run of this home, so that addresses survive a restart."""
        port = self._ports.get(name)
        return int(port) if port else None

    def keep_port(self, name: str, port: int) -> None:
        self._ports[name] = str(port)
        write_private(self.path / "ports.json", json.dumps(self._ports, indent=1))

    def folder(self, name: str) -> Path:
        path = self.path / name
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        return path

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def write_env(self, env: Mapping[str, str]) -> Path:
        """`NAME=value` lines, for the shell and for `read_env`."""
        path = self.path / "env"
        write_private(path, "".join(f"{name}={value}\n" for name, value in env.items()))
        return path

    @property
    def half_restored(self) -> bool:
        return (self.path / RESTORING).exists()

    def begin_restoring(self) -> None:
        write_private(self.path / RESTORING, "")
        sync_folder(self.path)

    def end_restoring(self) -> None:
        (self.path / RESTORING).unlink()
        sync_folder(self.path)

    def release(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def _take_lock(self) -> IO[str]:
        lock = (self.path / LOCK).open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise HomeInUse(
                f"a stack already runs in {self.path} (process {holder}): stop it, or give another folder with --home"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return lock

    def _stored(self, name: str) -> dict[str, str]:
        path = self.path / name
        if not path.exists():
            return {}
        try:
            return {str(key): str(value) for key, value in json.loads(path.read_text()).items()}
        except (ValueError, AttributeError) as error:
            raise ValueError(
                f"{path} is not a JSON object ({error}): restore it, or remove the whole folder"
            ) from error

    def _remembered(self, store: dict[str, str], file: str, name: str, fresh: str) -> str:
        if name not in store:
            store[name] = fresh
            write_private(self.path / file, json.dumps(store, indent=1))
        return store[name]


def make_private(folder: Path) -> None:
    """Closes an empty folder and a home. Raises `HomeOpen` for any other that is open: it may be `/tmp` or `~`."""
    about = folder.stat()
    if about.st_uid != os.geteuid():
        raise HomeOpen(f"{folder} belongs to another user: give a folder of your own with --home")
    if not about.st_mode & 0o077:
        return
    if any(folder.iterdir()) and not (folder / LOCK).is_file():
        raise HomeOpen(
            f"others can look into {folder}, and it holds things that are not a stack's: give an empty folder with "
            f"--home, or close it with `chmod 700 {folder}`"
        )
    folder.chmod(PRIVATE_FOLDER)


def write_private(path: Path, text: str) -> None:
    """Replace `path` as a whole, readable by its owner only from the first byte on."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


def read_env(path: Path) -> dict[str, str]:
    """What `Home.write_env` wrote. Raises ValueError naming the line that is not `NAME=value`."""
    env = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise ValueError(f"{path} line {number}: expected NAME=value")
        env[name] = value
    return env
