"""What an event is: a frozen value, declared once, with its topic, type, key, owner and promise."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

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

    `key` names the field whose value is the record's key: records of one key keep their order.
    """

    topic: ClassVar[Topic]
    type: ClassVar[str]
    key: ClassVar[str]
    owner: ClassVar[str]

    def __init_subclass__(cls, *, topic: Topic, type: str, key: str, owner: str, **kwargs: object) -> None:
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


REGISTRY: dict[str, type[Event]] = {}
