"""The words of the sandbox: hosts, posts, pictures, and how operators behave. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    BOARD = "board"
    GALLERY = "gallery"
    FEED = "feed"
    CHAT = "chat"


class Behaviour(StrEnum):
    """What an operator does once a notice names one of the site's addresses."""

    AT_ONCE = "at_once"  # removes page and pictures
    LATE = "late"  # the same, after a while
    NEVER = "never"
    PRETEND = "pretend"  # a page that says "deleted" with status 200, the content left reachable beside it
    CLOAK = "cloak"  # 404 for user agents containing "Haetae", the page for everybody else

    @property
    def honest(self) -> bool:
        return self in (Behaviour.AT_ONCE, Behaviour.LATE)


class Status(StrEnum):
    HIDDEN = "hidden"
    UP = "up"
    REMOVED = "removed"
    PRETENDED = "pretended"
    CLOAKED = "cloaked"


class Transform(StrEnum):
    IDENTITY = "identity"
    RECOMPRESSED = "recompressed"
    RESIZED = "resized"
    CROPPED_5 = "cropped_5"
    CROPPED_10 = "cropped_10"
    CROPPED_15 = "cropped_15"
    WATERMARKED = "watermarked"
    MIRRORED = "mirrored"
    BORDERED = "bordered"
    CORNER_CROPPED = "corner_cropped"
    TURNED = "turned"


class Finding(StrEnum):
    """Why a post must be found."""

    PICTURE = "picture"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Picture:
    """`source` names a stand-in of `sandbox.known` when `known`, else it seeds an ordinary scene."""

    source: str
    known: bool = False
    transform: Transform = Transform.RECOMPRESSED


@dataclass(frozen=True, slots=True)
class Remark:
    """A reply below a post, or a message of a chat."""

    author: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Post:
    """One page of content; its address on the host is `path`.

    `appears_after_s`: seconds after the start, 0 from the start, None only after the takedown of `reupload_of` (a key).
    A chat's day has its messages in `remarks` and no paragraphs.
    """

    host: str
    number: int
    path: str
    author: str
    title: str
    published_at: datetime
    paragraphs: tuple[str, ...]
    remarks: tuple[Remark, ...]
    picture: Picture | None = None
    finding: Finding | None = None
    appears_after_s: float | None = 0.0
    reupload_of: str | None = None
    room: str = ""

    @property
    def key(self) -> str:
        """Unique in a world, and free of ports: `host/path`."""
        return self.host + self.path

    @property
    def media_path(self) -> str:
        suffix = "png" if self.picture and self.picture.transform is Transform.IDENTITY else "jpg"
        return f"/media/{self.number}.{suffix}"

    @property
    def thumb_path(self) -> str:
        return f"/thumb/{self.number}.jpg"


@dataclass(frozen=True, slots=True)
class Host:
    name: str
    address: str
    kind: Kind
    language: str
    country: str
    title: str
    charset: str
    behaviour: Behaviour
    late_s: float
    utc_offset_hours: int
    first_number: int
    friends: tuple[str, ...] = ()

    @property
    def abuse_address(self) -> str:
        return f"abuse@{self.name}"
