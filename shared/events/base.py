"""What an event is: a frozen value, declared once, with its topic, type, key, owner and promise."""

import builtins
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


class Lane(StrEnum):
    """hot: all that is seen on the web, in batches, done twice is done once; case: nothing lost, nothing doubled."""

    HOT = "hot"
    CASE = "case"


@dataclass(frozen=True)
class Topic:
    name: str
    key: str
    lane: Lane
    description: str
    partitions: int = 6
    public: bool = False  # other agencies may subscribe
    peers: bool = False  # agencies with which statements are exchanged may, and no other (docs/federation.md)
    forever: bool = False  # read from its first record on, by every process or by whoever checks it: kept for ever

    @property
    def dead(self) -> str:
        return f"{self.name}.dead"


class Value(BaseModel):
    """A frozen value inside an event. Unknown fields are ignored: a newer writer may add fields with a default."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Value):
    """Base of all events. Declare with

        class ContentFound(Event, topic=CONTENT_FOUND, type="content.found.v1", key="host", owner="crawler"):
            '''What it promises.'''

    `key` names the field whose value is the record's key: records of one key keep their order. `minor`: raised by one
    with each change that older readers take; `contracts/` keeps every one.

    A change that they would not take is a new major: another type on another topic, which says what it `replaces` and
    how it is told to those who still read that (`downgrade`; None: nothing of it can be said in the old words). Who
    publishes the new one publishes both, in one transaction, until the old one is given up.
    """

    topic: ClassVar[Topic]
    type: ClassVar[str]
    key: ClassVar[str]
    owner: ClassVar[str]
    schema_version: ClassVar[str]  # major.minor
    replaces: ClassVar["builtins.type[Event] | None"]
    downgrade: ClassVar[Callable[[Any], "Event | None"] | None]

    def __init_subclass__(
        cls,
        *,
        topic: Topic,
        type: str,
        key: str,
        owner: str,
        minor: int = 0,
        replaces: "builtins.type[Event] | None" = None,
        downgrade: Callable[[Any], "Event | None"] | None = None,
        **kwargs: object,
    ) -> None:
        if (replaces is None) != (downgrade is None):
            raise TypeError(f"{cls.__name__}: `replaces` and `downgrade` go together")
        if replaces and replaces.topic == topic:
            raise TypeError(f"{cls.__name__}: a new major has a topic of its own; {topic.name} is its predecessor's")
        cls.schema_version, cls.replaces, cls.downgrade = f"{major(type)}.{minor}", replaces, downgrade
        if type in REGISTRY and REGISTRY[type].__qualname__ != cls.__qualname__:
            raise TypeError(f"{cls.__name__}: type {type!r} is taken by {REGISTRY[type].__name__}")
        cls.topic, cls.type, cls.key, cls.owner = topic, type, key, owner
        REGISTRY[type] = cls
        super().__init_subclass__(**kwargs)  # type: ignore[arg-type]  # pydantic types its own options

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        if cls.key not in cls.model_fields:
            raise TypeError(f"{cls.__name__}: key {cls.key!r} is not one of its fields")

    @property
    def key_value(self) -> str:
        return str(getattr(self, self.key))

    @property
    def older(self) -> "Event | None":
        """What readers of the type that this one replaces are told in its place."""
        downgrade = type(self).downgrade
        return downgrade(self) if downgrade else None


REGISTRY: dict[str, type[Event]] = {}


def major(type: str) -> int:
    """Of a type's name: `case.changed.v1` is 1. Raises `ValueError` for one without."""
    name, dot, number = type.rpartition(".v")
    if not (name and dot and number.isdecimal() and int(number) > 0):
        raise ValueError(f"event type {type!r} must end with its major version, as in `case.changed.v1`")
    return int(number)
