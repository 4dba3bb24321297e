"""Updates of a messenger's bot interface as posts and messages (pure).

Its documents: "Update", "Message", "Chat", "PhotoSize", "Video", "Document".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.crawler.connectors import answers as read
from services.crawler.connectors.port import Post, Said

# Names by which anybody finds a channel or a group. One without a name is entered by invitation: it is not public.
USERNAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]{2,63}$")
MAX_FILE = 20_000_000  # bytes: the interface gives no larger ones
CHANNEL_POSTS = ("channel_post", "edited_channel_post")
MESSAGES = ("message", "edited_message")


@dataclass(frozen=True)
class File:
    """`id` asks for it; `unique` is the same for every bot."""

    id: str
    unique: str
    is_video: bool = False


@dataclass(frozen=True)
class Chat:
    id: str
    kind: str  # private, group, supergroup or channel
    username: str | None

    @property
    def is_named_by(self) -> frozenset[str]:
        return frozenset({self.id, *((self.username, f"@{self.username}") if self.username else ())})


@dataclass(frozen=True)
class Update:
    """`key`: which of the kinds of updates it is. `edited`: seconds since 1970 of the last edit, "" for none."""

    id: int
    key: str
    chat: Chat
    message: read.Table

    @property
    def text(self) -> str:
        return read.text(self.message.get("text")) or read.text(self.message.get("caption"))


def updates(result: object) -> Iterator[Update]:
    """In the order of their numbers. What cannot be read is left out: a person's device may write anything."""
    if not isinstance(result, list):
        raise read.Unreadable("the result is no list of updates")
    found = [update for row in read.rows(result) if (update := _update(row))]
    return iter(sorted(found, key=lambda update: update.id))


def last_number(result: object) -> int | None:
    """The highest number of all, also of updates that cannot be read: else they would be sent for ever."""
    return max(
        (number for row in read.rows(result) if (number := read.whole(row.get("update_id"))) is not None), default=None
    )


def _update(row: read.Table) -> Update | None:
    number = read.whole(row.get("update_id"))
    key = next((key for key in (*CHANNEL_POSTS, *MESSAGES) if isinstance(row.get(key), dict)), None)
    if number is None or key is None:
        return None
    chat = read.table(row[key].get("chat"))
    username = read.name(chat.get("username"))
    if not (chat_id := read.name(chat.get("id"))):
        return None
    named = username if USERNAME.match(username) else None
    return Update(number, key, Chat(chat_id, read.text(chat.get("type"), 20), named), row[key])


def post_of(update: Update, public_base: str) -> Post | None:
    """A post of a public channel, without its media. None for any other."""
    chat, number = update.chat, read.whole(update.message.get("message_id"))
    url = read.address(f"{public_base.rstrip('/')}/{chat.username}/{number}")
    if update.key not in CHANNEL_POSTS or not chat.username or not number or not url:
        return None
    signed = read.text(update.message.get("author_signature"), 300)
    return Post(
        url=url,
        text=update.text,
        title=read.text(read.table(update.message.get("chat")).get("title"), 300),
        authors=(signed,) if signed else (chat.username,),
        published_at=read.moment(update.message.get("date")),
    )


def files_of(update: Update) -> tuple[File, ...]:
    """The picture in the largest size that the interface gives; a video, and its thumbnail should that be too large."""
    message = update.message
    sizes = [size for size in read.rows(message.get("photo")) if _fits(size)]
    largest = max(sizes, key=lambda size: _side(size, "width") * _side(size, "height"), default=None)
    found = [_file(largest)] if largest else []
    for key in ("video", "animation", "video_note"):
        if video := read.table(message.get(key)):
            found += [_file(video, is_video=True)] if _fits(video) else []
            found += [_file(read.table(video.get("thumbnail")))]
    document = read.table(message.get("document"))
    kind = read.text(document.get("mime_type"), 100).partition("/")[0]
    if kind in ("image", "video") and "animation" not in message and _fits(document):
        found.append(_file(document, is_video=kind == "video"))
    return tuple(file for file in found if file)


def said_in(update: Update) -> Said | None:
    """A message of a group or a private chat with its text; an edit is a message of its own."""
    number, moment = read.whole(update.message.get("message_id")), read.moment(update.message.get("date"))
    speaker = read.table(update.message.get("sender_chat")) or read.table(update.message.get("from"))
    name = read.name(speaker.get("id"))
    if update.key not in MESSAGES or number is None or moment is None or not name or not update.text:
        return None
    edited = read.whole(update.message.get("edit_date"))
    return Said(f"{number}" + (f".{edited}" if edited else ""), name, moment, update.text)


def _file(value: read.Table, is_video: bool = False) -> File | None:
    id, unique = read.name(value.get("file_id")), read.name(value.get("file_unique_id"))
    plain = re.fullmatch(r"[A-Za-z0-9_-]{1,64}", unique)
    return File(id, unique, is_video) if id and plain else None


def _fits(value: read.Table) -> bool:
    return (read.whole(value.get("file_size")) or 0) <= MAX_FILE


def _side(size: read.Table, name: str) -> int:
    return read.whole(size.get(name)) or 0
