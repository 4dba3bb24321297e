"""A bucket that is a folder: for tests, and for an agency with one machine and a file system that is backed up."""

import asyncio
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from shared.failures import Transient
from shared.objects.names import checked
from shared.objects.port import ObjectMissing
from shared.plain_files import read_plain, sync_folder

T = TypeVar("T")

MAX_BYTES = 1 << 30  # read at once; our largest are exports, of some hundred MiB
UNFINISHED = ".unfinished"  # no object's name begins with a dot


class FolderStore:
    """Objects as files below `path`. What is there is whole: written aside, flushed to disk, then given its name.
    What has more bytes than `most` is no object, and is not read."""

    def __init__(self, path: Path, most: int = MAX_BYTES) -> None:
        if (path / UNFINISHED).is_symlink():
            raise ValueError(f"{path / UNFINISHED} is a link: remove it")
        self._path, self._most = path, most
        (path / UNFINISHED).mkdir(parents=True, exist_ok=True, mode=0o700)

    async def put(self, name: str, data: bytes, *, media_type: str = "application/octet-stream") -> None:
        await self._run(self._place, checked(name), data, os.replace)

    async def put_new(self, name: str, data: bytes) -> bool:
        try:
            await self._run(self._place, checked(name), data, os.link)  # link, unlike rename, refuses a taken name
        except FileExistsError:
            return False
        return True

    async def replace(self, name: str, data: bytes, former: bytes) -> bool:
        return await self._run(self._replace, checked(name), data, former)

    async def get(self, name: str) -> bytes:
        try:
            return await self._run(self._read, checked(name))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise ObjectMissing(f"{name} is not in {self._path}") from None

    async def exists(self, name: str) -> bool:
        return await self._run((self._path / checked(name)).is_file)

    async def delete(self, name: str) -> None:
        await self._run(self._unlink, checked(name))

    async def forget_former(self, name: str) -> None:
        checked(name)  # a file has no versions

    async def names(self, folder: str) -> list[str]:
        return await self._run(self._names, checked(folder))

    async def all_names(self) -> list[str]:
        return [name for name in await self._run(self._names, "") if not name.startswith(UNFINISHED)]

    async def clear(self, folder: str) -> int:
        return await self.clear_beginning(checked(folder) + "/")

    async def clear_beginning(self, beginning: str) -> int:
        checked(beginning.removesuffix("/"))
        folder = beginning.rpartition("/")[0]
        names = [name for name in await self._run(self._names, folder) if name.startswith(beginning)]
        for name in names:
            await self.delete(name)
        return len(names)

    async def ready(self) -> None:
        if not await self._run((self._path / UNFINISHED).is_dir):
            raise Transient(f"{self._path} is gone; is the disk mounted?")

    def _read(self, name: str) -> bytes:
        return read_plain(self._here(name), self._most)

    def _names(self, folder: str) -> list[str]:
        """Of ordinary files, below ordinary folders: a link leads elsewhere."""
        found = []
        for parent, _, files in os.walk(self._here(f"{folder}/any".lstrip("/")).parent):
            found += [Path(parent, name) for name in files if stat.S_ISREG(os.lstat(Path(parent, name)).st_mode)]
        return sorted(str(file.relative_to(self._path)) for file in found)

    def _here(self, name: str) -> Path:
        """Where it lies. Raises `ValueError` when a link leads out of the folder on the way there."""
        path = self._path / name
        if not path.parent.resolve().is_relative_to(self._path.resolve()):
            raise ValueError(f"{path.parent} leads out of {self._path} by a link: remove it")
        return path

    def _place(self, name: str, data: bytes, give_name: Callable[[str, Path], None]) -> None:
        target = self._here(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with _unfinished(self._path / UNFINISHED, data) as file, self._alone():
            give_name(file, target)
            sync_folder(target.parent)

    def _replace(self, name: str, data: bytes, former: bytes) -> bool:
        with _unfinished(self._path / UNFINISHED, data) as file, self._alone():
            try:
                same = self._read(name) == former
            except FileNotFoundError:
                return False
            if same:
                Path(file).replace(self._path / name)
                sync_folder((self._path / name).parent)
            return same

    def _unlink(self, name: str) -> None:
        with self._alone():
            self._here(name).unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One change at a time, of all processes: what is compared may not change before it is replaced."""
        lock = os.open(self._path / UNFINISHED, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    async def _run(self, work: Callable[..., T], *args: object) -> T:
        try:
            return await asyncio.to_thread(work, *args)
        except (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError):
            raise
        except OSError as error:
            raise Transient(f"{self._path} does not work: {error}") from error


@contextmanager
def _unfinished(folder: Path, data: bytes) -> Iterator[str]:
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            yield file.name
        finally:
            Path(file.name).unlink(missing_ok=True)
