"""Mastodon's public timelines, which many servers of the federation speak.

Its documents: "Timelines API methods", "Status", "MediaAttachment"; pages by the Link header (RFC 8288).
"""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from services.crawler.connectors import answers as read
from services.crawler.connectors.media import Attached, with_media
from services.crawler.connectors.pages import ListingPage, is_near, left_out, read_listing
from services.crawler.connectors.port import Ask, Harvest, Options, Post, Source
from services.crawler.connectors.prose import MAX_HTML, plain
from shared.events.values import Site, SiteKind
from shared.net import Fetched
from shared.urls import host_of

PUBLIC_TIMELINE = "/api/v1/timelines/public?local=true&limit=40"  # 40 is the most that a server gives
OLDER = re.compile(r'<([^<>]{1,2048})>\s*;[^,<]*\brel="?next"?', re.IGNORECASE)


class TimelineOptions(Options):
    remote: Annotated[
        bool, Field(description="give true to take posts of other servers as well, which the timeline merely shows")
    ] = False


class Timeline:
    """The site's address: its front page (then its own public posts are read), or any timeline of the interface such
    as `/api/v1/timelines/tag/lantern`."""

    options, is_api = TimelineOptions, False

    async def read(self, source: Source, ask: Ask) -> Harvest:
        begin = source.start_url
        if urlsplit(begin).path == "/":
            begin = begin.partition("?")[0].rstrip("/") + PUBLIC_TIMELINE
        return await read_listing(source, ask, page_of, "application/json", begin)


def page_of(answer: Fetched, source: Source) -> ListingPage:
    statuses = read.json_of(answer)
    if not isinstance(statuses, list):
        raise read.Unreadable("the answer is no list of posts: give the address of a timeline")
    shown = [_shown(status) for status in read.rows(statuses)]
    public = [status for status in shown if status.get("visibility") == "public"]
    posts = [post for status in public if (post := post_of(status, source))]
    older = OLDER.search(answer.headers.get("link", ""))
    hidden = left_out(len(shown) - len(public), "not public")
    foreign = left_out(len(public) - len(posts), "of another server, or without an address")
    return ListingPage(
        tuple(posts), read.address(older[1], answer.url) if older else None, "; ".join(filter(None, (hidden, foreign)))
    )


def _shown(status: read.Table) -> read.Table:
    """What a boost boosts is the post."""
    return read.table(status.get("reblog")) or status


def post_of(status: read.Table, source: Source) -> Post | None:
    """None for a post that is not of this server, unless those are wanted too."""
    account = read.table(status.get("account"))
    url = read.address(status.get("url")) or read.address(status.get("uri"))
    acct = read.name(account.get("acct"))
    if not url or (not source.options.remote and ("@" in acct or not is_near(url, source))):
        return None
    post = Post(
        url=url,
        text=plain(read.text(status.get("content"), MAX_HTML)),
        title=read.text(status.get("spoiler_text"), 300),  # a content warning
        authors=(acct,) if acct else (),
        published_at=read.moment(status.get("created_at")),
        language=read.language(status.get("language")),
        site=None if is_near(url, source) else site_at(url),
    )
    attached = (
        Attached(one.get("url") or one.get("remote_url"), one.get("type"))
        for one in read.rows(status.get("media_attachments"))
    )
    return with_media(post, attached, url)


def site_at(url: str) -> Site:
    """Another server of the federation: nobody entered it, so no more is known than its name."""
    return Site(host=host_of(url), name=host_of(url), kind=SiteKind.SOCIAL_MEDIA)
