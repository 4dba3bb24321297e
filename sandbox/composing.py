"""One post written out from its plan."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from sandbox.model import Finding, Host, Kind, Picture, Post, Remark
from sandbox.phrases import phrasebook
from sandbox.text import Flavour, Half, Writer

# The world's noon: what is there from the start was published before it, what appears later after it.
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROOMS = ("lobby", "kitchen", "workshop")
_FIRST_DAY = date(2026, 11, 10)
_HOURS_BETWEEN_POSTS = 5
_AUTHORS = (
    "mossy",
    "tea_at_four",
    "lighthouse",
    "papercut",
    "northwind",
    "biscuit",
    "seagull",
    "tinker",
    "juno",
    "wren",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a post is to be. `finding` says why it must be found; `flavour` or `picture` makes it so."""

    flavour: Flavour = Flavour.ORDINARY
    picture: Picture | None = None
    finding: Finding | None = None
    appears_after_s: float | None = 0.0
    reupload_of: str | None = None


def compose(seed: int, host: Host, n: int, plan: Plan) -> Post:
    """The `n`th post of a host, in the order of appearance. The same arguments give the same post."""
    rng = Random(f"world/{seed}/{host.name}/{n}")
    writer = Writer(phrasebook(host.language), rng, Half.SHOWN)
    return (_chat_day if host.kind is Kind.CHAT else _article)(host, n, plan, writer)


def _article(host: Host, n: int, plan: Plan, writer: Writer) -> Post:
    rng, number = writer.rng, host.first_number + n
    published = _published(host, n, plan, rng)
    folder = {Kind.BOARD: "post", Kind.GALLERY: "photo", Kind.FEED: "entry"}[host.kind]
    count = rng.randint(2, 3) if host.kind is Kind.GALLERY else rng.randint(3, 6)
    replies = [(rng.choice(_AUTHORS), writer.remark()) for _ in range(rng.randint(0, 4))]
    return Post(
        host=host.name,
        number=number,
        path=f"/{folder}/{number}",
        author=rng.choice(_AUTHORS),
        title=writer.title(),
        published_at=published,
        paragraphs=writer.paragraphs(count, plan.flavour),
        remarks=tuple(
            Remark(author, published + timedelta(minutes=11 * i + rng.randint(2, 10)), text)
            for i, (author, text) in enumerate(replies)
        ),
        picture=plan.picture,
        finding=plan.finding,
        appears_after_s=plan.appears_after_s,
        reupload_of=plan.reupload_of,
    )


def _published(host: Host, n: int, plan: Plan, rng: Random) -> datetime:
    """Before noon in the order of `n` when there from the start, else after noon."""
    if plan.appears_after_s == 0.0:
        return NOON - timedelta(days=8) + timedelta(hours=_HOURS_BETWEEN_POSTS * n, minutes=rng.randint(0, 200))
    return NOON + timedelta(minutes=13 * n + rng.randint(0, 10))


def _chat_day(host: Host, n: int, plan: Plan, writer: Writer) -> Post:
    """Rooms take turns; each post is the log of one room's next day."""
    rng, (days, room) = writer.rng, divmod(n, len(ROOMS))
    day = _FIRST_DAY + timedelta(days=days)
    lines = [*writer.sentences(rng.randint(4, 8), plan.flavour), *(writer.remark() for _ in range(rng.randint(3, 7)))]
    rng.shuffle(lines)
    at = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    messages = []
    for line in lines:
        at += timedelta(minutes=rng.randint(1, 25))
        messages.append(Remark(rng.choice(_AUTHORS), at, line))
    return Post(
        host=host.name,
        number=host.first_number + n,
        path=f"/room/{ROOMS[room]}/{day.isoformat()}",
        author=messages[0].author,
        title=f"{ROOMS[room]} {day.isoformat()}",
        published_at=at,
        paragraphs=(),
        remarks=tuple(messages),
        picture=plan.picture,
        finding=plan.finding,
        appears_after_s=plan.appears_after_s,
        reupload_of=plan.reupload_of,
        room=ROOMS[room],
    )
