"""Answers of guarded children, as data: one may be wrong, but it is of its type and can do nothing while it is read.

(A pickle can, though it names none but harmless classes: change these, or fill the reader's memory with a few bytes.)
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, get_type_hints

from pydantic import ConfigDict, TypeAdapter

R = TypeVar("R")

MOST_VALUES = 500_000  # each wrong one costs its reader 200 bytes; a page has some thousand
CONFIG = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="constants")


class Answers(Generic[R]):
    """JSON of what the function returns, by its annotation: `str`, `bytes`, numbers, dataclasses, models …"""

    def __init__(self, function: Callable[..., R]) -> None:
        returned = get_type_hints(function)["return"]
        # In a tuple, because dataclasses cannot be given a configuration.
        in_tuple: Any = tuple[returned]  # type: ignore[valid-type]  # a type that is known at run time only
        self._adapter: TypeAdapter[Any] = TypeAdapter(in_tuple, config=CONFIG)

    def write(self, value: R) -> bytes:
        """Raises `ValueError` for what is not of the type."""
        return self._adapter.dump_json((value,), warnings="error")

    def read(self, data: bytes) -> R:
        """Raises `ValueError`; its text quotes nothing of the data."""
        if data.count(b",") > MOST_VALUES:
            raise ValueError(f"more than {MOST_VALUES:,} values")
        try:
            (value,) = self._adapter.validate_json(data)
        except ValueError as error:
            raise ValueError(f"no {self._adapter}: {type(error).__name__}") from None
        result: R = value
        return result
