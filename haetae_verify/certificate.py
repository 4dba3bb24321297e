"""A certificate of destruction: a signed document by itself, which says what can no longer be read by anybody."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from haetae_verify.bundle import signed
from haetae_verify.shape import Shape
from haetae_verify.wrong import Wrong

FORMAT = "haetae-destruction/1"


@dataclass(frozen=True)
class Destruction:
    """What a certificate says. `objects`: names and digests of what was destroyed; no name where none was known."""

    case_id: str
    manifests: tuple[str, ...]
    objects: tuple[tuple[str, str], ...]
    ordered_by: str
    why: str
    basis: str
    method: str
    ordered_at: datetime
    destroyed_at: datetime
    custody_head: str
    key: str
    own_keys: bool


def check_certificate(name: str, data: bytes, keys: Collection[str] = ()) -> Destruction:
    """`keys`: the agency's, in hexadecimal. Raises `Wrong`."""
    shape = signed(name, data, FORMAT, keys)
    ordered_at, destroyed_at = shape.moment("ordered_at"), shape.moment("destroyed_at")
    if destroyed_at < ordered_at:
        raise Wrong(name, "destroyed-early")
    return Destruction(
        shape.text("case_id"),
        tuple(shape.digests("manifest_sha256s")),
        tuple(_object(item) for item in shape.objects("objects")),
        shape.text("ordered_by"),
        shape.text("why"),
        shape.text("basis"),
        shape.text("method"),
        ordered_at,
        destroyed_at,
        shape.digest("custody_head"),
        shape.digest("public_key"),
        bool(keys),
    )


def _object(item: Shape) -> tuple[str, str]:
    return item.text("name"), item.digest("sha256")
