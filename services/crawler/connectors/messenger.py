"""Public channels of a messenger, over its bot-style HTTP interface: what a bot of ours that was let in is shown.

Its documents: `getUpdates` (asking with an `offset` confirms every update below it: the server forgets them, so it is
asked with the offset of what is recorded, and once a visit), `getFile`, `getChat`. Short polling: `timeout=0`.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from services.crawler.connectors import answers as read
from services.crawler.connectors import messenger_updates as parts
from services.crawler.connectors.lawful import RoomOptions
from services.crawler.connectors.messenger_api import Api
from services.crawler.connectors.port import Ask, Basis, Conversation, Harvest, Media, Post, Said, Source
from shared.events import LawfulBasis
from shared.urls import canonical

MOST_BYTES = 32 * 1024 * 1024  # of files in one visit: they are in memory until the visit is over
BATCH = 20  # updates of a visit: with a picture each, 41 requests
# After a week without updates the interface chooses numbers anew: then a number of old would hide what is new.
NUMBERS_KEEP = timedelta(days=6)


def _base(given: str) -> str:
    if (made := canonical(given)) is None or "?" in made:
        raise ValueError("this is no address")
    return made


class ChannelOptions(RoomOptions):
    """`rooms`: ids or public names of groups."""

    ROOM_ID: ClassVar[re.Pattern[str]] = re.compile(r"-?\d+$")

    public_base: Annotated[
        str,
        AfterValidator(_base),
        Field(description="give the address below which everybody sees the channels, as in https://channels.test/"),
    ]
    channels: Annotated[
        tuple[str, ...], Field(description="give the public names of the channels to read, or leave it out for all")
    ] = ()


@dataclass
class _Gathered:
    posts: list[Post] = field(default_factory=list)
    rooms: dict[str, tuple[parts.Chat, list[Said]]] = field(default_factory=dict)
    unnamed: int = 0
    missing: int = 0
    bytes: int = 0


class Channels:
    """The site's address: the root of the interface; the bot's token: the site's credential."""

    options, is_api = ChannelOptions, True

    async def read(self, source: Source, ask: Ask) -> Harvest:
        api = Api(ask, source.start_url)
        kinds = (*parts.CHANNEL_POSTS, *(parts.MESSAGES if source.basis else ()))
        offset = _offset(source)
        wanted = {"timeout": 0, "limit": BATCH, "allowed_updates": json.dumps(kinds, separators=(",", ":"))}
        result = await api.call("getUpdates", **wanted, **({} if offset is None else {"offset": offset}))
        gathered = _Gathered()
        last = parts.last_number(result)
        for update in parts.updates(result):
            await self._take(update, source, api, gathered)
            if gathered.bytes >= MOST_BYTES:
                last = update.id  # the others come again
                break
        conversations, refused = await self._conversations(gathered, source, api)
        if offset is not None and last is not None and last < offset:
            refused = (*refused, "updates that were confirmed came again: begun anew where they are")
        full = gathered.bytes >= MOST_BYTES or (last is not None and last + 1 != offset and _is_full(result))
        unnamed = f"{gathered.unnamed} posts of channels without a public name left out" if gathered.unnamed else None
        return Harvest(
            api.answer,
            tuple(gathered.posts),
            conversations,
            cursor=_cursor(source, last),
            after_s=0.0 if full else None,
            missing=gathered.missing,
            problem="; ".join(filter(None, (unnamed, *refused))) or None,
        )

    async def _take(self, update: parts.Update, source: Source, api: Api, gathered: _Gathered) -> None:
        options: ChannelOptions = source.options
        if update.chat.kind == "channel":
            post = parts.post_of(update, options.public_base)
            if post is None:
                gathered.unnamed += 1
            elif not options.channels or update.chat.is_named_by & set(options.channels):
                files = parts.files_of(update) if source.wants_media else ()
                gathered.posts.append(await _with_files(post, files, api, gathered))
        elif update.chat.is_named_by & set(options.rooms) and (said := parts.said_in(update)):
            gathered.rooms.setdefault(update.chat.id, (update.chat, []))[1].append(said)

    async def _conversations(
        self, gathered: _Gathered, source: Source, api: Api
    ) -> tuple[tuple[Conversation, ...], Sequence[str]]:
        """And a sentence for each room that is refused."""
        found, refused = [], []
        for chat, said in gathered.rooms.values():
            basis = await _basis(chat, source, api)
            if isinstance(basis, str):
                refused.append(f"room {chat.id} is not read: {basis}")
            else:
                found.append(Conversation(f"{source.site.host}/{chat.id}", basis, tuple(said)))
        return tuple(found), refused


async def _basis(chat: parts.Chat, source: Source, api: Api) -> Basis | str:
    """The basis for a room, or why there is none. Whether a room is open is asked each time."""
    allowed = source.basis
    if allowed is None:
        return "the site's options name no basis that holds"
    if chat.kind == "private":
        return allowed if allowed.kind is LawfulBasis.CONSENT else "private messages are read with consent only"
    if allowed.kind is not LawfulBasis.OPEN_ROOM:
        return allowed
    now = read.table(await api.call("getChat", chat_id=chat.id))
    username = read.name(now.get("username"))
    if now.get("type") != "supergroup" or not parts.USERNAME.match(username) or now.get("join_by_request") is True:
        return "it is not open to everybody (no public name, or whoever enters is asked first)"
    public = f"{source.options.public_base.rstrip('/')}/{username}"
    return Basis(
        LawfulBasis.OPEN_ROOM, f"{public}: has a public name, nobody is asked; seen {source.now:%Y-%m-%d %H:%M} UTC"
    )


async def _with_files(post: Post, files: Iterable[parts.File], api: Api, gathered: _Gathered) -> Post:
    pictures, videos = list[Media](), list[Media]()
    for file in files:
        body = await api.file(file.id)
        if body is None:
            gathered.missing += 1
        else:
            gathered.bytes += len(body)
            (videos if file.is_video else pictures).append(Media(f"{post.url}#media-{file.unique}", body))
    return replace(post, pictures=tuple(pictures), videos=tuple(videos))


def _is_full(result: object) -> bool:
    return len(list(read.rows(result))) >= BATCH


def _offset(source: Source) -> int | None:
    kept = read.kept_in(source.cursor)
    offset, at = read.whole(kept.get("offset")), read.moment(kept.get("at"))
    return offset if offset is not None and at and source.now - at < NUMBERS_KEEP else None


def _cursor(source: Source, last: int | None) -> str | None:
    """None when nothing new came: what is kept stays."""
    if last is None:
        return None
    said: dict[str, Any] = {"offset": last + 1, "at": source.now.isoformat()}
    return json.dumps(said, separators=(",", ":"))
