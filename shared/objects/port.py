"""Object storage as services see it: a folder and an S3 bucket, held to one contract suite."""

from typing import Protocol


class ObjectMissing(LookupError):
    """No object of that name."""


class ObjectStore(Protocol):
    """One bucket of named byte strings."""

    async def put(self, name: str, data: bytes, *, media_type: str = "application/octet-stream") -> None:
        """Store or replace. Raises `Transient` when the store is away."""
        ...

    async def put_new(self, name: str, data: bytes) -> bool:
        """Store only if the name is free; False when it is taken (atomic)."""
        ...

    async def replace(self, name: str, data: bytes, former: bytes) -> bool:
        """Store in the place of `former`; False when something else is there, or nothing (atomic)."""
        ...

    async def get(self, name: str) -> bytes:
        """Raises `ObjectMissing`, or `Transient` when the store is away."""
        ...

    async def exists(self, name: str) -> bool: ...

    async def delete(self, name: str) -> None:
        """Deleting what is not there is no error."""
        ...

    async def forget_former(self, name: str) -> None:
        """Delete what a store that keeps versions still has of it, but for the newest."""
        ...

    async def names(self, folder: str) -> list[str]:
        """The objects in a folder (names that begin with `<folder>/`). For folders of some dozens."""
        ...

    async def all_names(self) -> list[str]:
        """Every object of the bucket: for maintenance."""
        ...

    async def clear(self, folder: str) -> int:
        """Delete every object in a folder; how many there were."""
        ...

    async def clear_beginning(self, beginning: str) -> int:
        """Delete every object whose name begins so, without reading any; how many there were."""
        ...

    async def ready(self) -> None:
        """Raises `Transient` when the store does not answer."""
        ...
