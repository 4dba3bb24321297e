"""A JSON document of a bundle, read field by field: what is missing or of another kind is named."""

import re
from datetime import datetime
from typing import Any

from haetae_verify.canonical import NotCanonical, read
from haetae_verify.wrong import Wrong

MOST_BYTES = 8 << 20  # a document in memory; ten thousand lines of custody are five million
MOST_ITEMS = 100_000  # of a list
MOST_TEXT = 16_384  # characters of one text: an address is at most 4,096
DIGEST = re.compile(r"[0-9a-f]{64}")
# Of years in which a minute or an hour can be added and taken away.
MOMENT = re.compile(r"(?:19[7-9]|2\d\d)\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Shape:
    """One object of the document `part`; `path` says where in it. Every reading raises `Wrong`."""

    def __init__(self, part: str, value: Any, path: str = "") -> None:  # noqa: ANN401  # the shape of JSON
        self.part, self._path = part, path
        if not isinstance(value, dict):
            raise self._wrong("", "{ … }")
        self.value: dict[str, Any] = value

    def text(self, name: str) -> str:
        value = self.value.get(name)
        if not isinstance(value, str) or len(value) > MOST_TEXT:
            raise self._wrong(name, "text")
        return value

    def text_or_none(self, name: str) -> str | None:
        return None if self.value.get(name) is None else self.text(name)

    def number(self, name: str) -> int:
        value = self.value.get(name)
        if type(value) is not int or value < 0:
            raise self._wrong(name, "0, 1, 2, …")
        return value

    def flag(self, name: str) -> bool:
        value = self.value.get(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true/false")
        return value

    def digest(self, name: str) -> str:
        if not DIGEST.fullmatch(value := self.text(name)):
            raise self._wrong(name, "SHA-256")
        return value

    def digests(self, name: str) -> list[str]:
        value = self.value.get(name)
        if not isinstance(value, list) or not all(isinstance(item, str) and DIGEST.fullmatch(item) for item in value):
            raise self._wrong(name, "[ SHA-256, … ]")
        return value

    def moment(self, name: str) -> datetime:
        try:
            if MOMENT.fullmatch(value := self.text(name)):
                return datetime.fromisoformat(value)
        except ValueError:  # the 30th of February
            pass
        raise self._wrong(name, "2026-11-22T09:00:00.123Z")

    def moment_or_none(self, name: str) -> datetime | None:
        return None if self.value.get(name) is None else self.moment(name)

    def object(self, name: str) -> "Shape":
        return Shape(self.part, self.value.get(name), self._path + name)

    def objects(self, name: str) -> list["Shape"]:
        value = self.value.get(name)
        if not isinstance(value, list) or len(value) > MOST_ITEMS:
            raise self._wrong(name, "[ … ]")
        return [Shape(self.part, item, f"{self._path}{name}[{number}]") for number, item in enumerate(value)]

    def _wrong(self, name: str, form: str) -> Wrong:
        path = ".".join(filter(None, (self._path, name))) or "{ … }"
        return Wrong(self.part, "field", field=path, form=form)


def document(part: str, data: bytes, format: str) -> Shape:
    """The canonical document in `data`. Raises `Wrong`."""
    try:
        shape = Shape(part, read(data))
    except NotCanonical as error:
        raise Wrong(part, "canonical", why=error) from error
    if (found := shape.text("format")) != format:
        raise Wrong(part, "format", found=found, known=format)
    return shape
