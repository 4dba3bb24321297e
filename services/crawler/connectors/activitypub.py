"""An actor's outbox in ActivityPub: an OrderedCollection of activities, newest first (W3C Recommendation, 5.1, 5.6)."""

from collections.abc import Iterator

from services.crawler.connectors import answers as read
from services.crawler.connectors.media import Attached, with_media
from services.crawler.connectors.pages import ListingPage, is_near, left_out, read_listing
from services.crawler.connectors.port import Ask, Harvest, Options, Post, Source
from services.crawler.connectors.prose import MAX_HTML, plain
from shared.net import Fetched

ACCEPT = 'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
# Spellings of the public collection (ActivityPub, 5.6). In `to` it makes a post public, in `cc` merely unlisted.
PUBLIC = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
COLLECTIONS = frozenset({"OrderedCollection", "Collection"})
PAGES = frozenset({"OrderedCollectionPage", "CollectionPage"})
SAYS = frozenset({"Note", "Article", "Page", "Image", "Video", "Audio", "Question", "Event"})


class Outbox:
    """The site's address: the outbox of the actor. What the actor announces (boosts) is read where it stands."""

    options, is_api = Options, False

    async def read(self, source: Source, ask: Ask) -> Harvest:
        begin = source.start_url
        if not source.cursor or '"next"' not in source.cursor:
            begin = await self._first_page(source, ask)
        return await read_listing(source, ask, page_of, ACCEPT, begin)

    async def _first_page(self, source: Source, ask: Ask) -> str:
        """The collection's own address when its items stand in it."""
        outbox = read.table(
            read.json_of(read.good(await ask(source.start_url, headers={"Accept": ACCEPT}), source.now))
        )
        first = outbox.get("first")
        named = read.address(first.get("id") if isinstance(first, dict) else first, source.start_url)
        return named or source.start_url


def page_of(answer: Fetched, source: Source) -> ListingPage:
    page = read.table(read.json_of(answer))
    if isinstance(first := page.get("first"), dict):
        page = first
    if read.text(page.get("type"), 40) not in PAGES | COLLECTIONS:
        raise read.Unreadable("the answer is no OrderedCollection: give the address of an actor's outbox")
    items = page.get("orderedItems", page.get("items"))
    notes = [note for activity in read.rows(items) if (note := said(activity))]
    public = [note for note in notes if is_public(note)]
    posts = [post for note in public if (post := post_of(note, source))]
    problems = (
        left_out(len(notes) - len(public), "not public"),
        left_out(len(public) - len(posts), "of another server"),
    )
    return ListingPage(tuple(posts), read.address(page.get("next"), answer.url), "; ".join(filter(None, problems)))


def said(activity: read.Table) -> read.Table | None:
    """The object that was made or changed; None for other deeds (likes, follows, announcements)."""
    note = activity
    if activity.get("type") in ("Create", "Update"):
        inner = read.table(activity.get("object"))
        note = {"to": activity.get("to"), **inner}
    return note if read.text(note.get("type"), 40) in SAYS else None


def is_public(note: read.Table) -> bool:
    to = note.get("to")
    return any(one in PUBLIC for one in (to if isinstance(to, list) else [to]) if isinstance(one, str))


def post_of(note: read.Table, source: Source) -> Post | None:
    url = next((found for found in (*_links(note.get("url")), read.address(note.get("id"))) if found), None)
    if not url or not is_near(url, source):
        return None
    tongues = read.table(note.get("contentMap"))
    post = Post(
        url=url,
        text=plain(read.text(note.get("content") or next(iter(tongues.values()), ""), MAX_HTML)),
        title=plain(read.text(note.get("name") or note.get("summary"), 300)),
        authors=tuple(filter(None, (_author(note.get("attributedTo")),))),
        published_at=read.moment(note.get("published")),
        language=read.language(next(iter(tongues), None)),
    )
    return with_media(post, _attached(note), url)


def _attached(note: read.Table) -> Iterator[Attached]:
    given = note.get("attachment")
    for one in read.rows(given if isinstance(given, list) else [given]):
        kind = one.get("mediaType") or one.get("type")
        links = one.get("url") or one.get("href")
        for link in links if isinstance(links, list) else [links]:
            href = link.get("href") if isinstance(link, dict) else link
            yield Attached(href, (link.get("mediaType") if isinstance(link, dict) else None) or kind)


def _links(value: object) -> Iterator[str | None]:
    """Addresses of pages: a text, a Link, or several of them (Activity Vocabulary, `url`)."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict) and read.text(one.get("mediaType", "text/html")) != "text/html":
            continue
        yield read.address(one.get("href") if isinstance(one, dict) else one)


def _author(value: object) -> str:
    first = value[0] if isinstance(value, list) and value else value
    return read.name(read.table(first).get("id") if isinstance(first, dict) else first)
