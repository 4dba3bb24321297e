"""A journal: entries with their first sentence, and the same as RSS or Atom."""

from collections.abc import Sequence
from email.utils import format_datetime
from html import escape

from sandbox.model import Post
from sandbox.pages.layout import Renderer, View, byline, local, paged, paragraphs, picture_tag, replies

_ENTRIES_IN_FEED = 15


def index_pages(view: View) -> dict[str, Renderer]:
    return paged(view, _entries, lambda number: f"/page/{number}")


def article(view: View, post: Post) -> str:
    return (
        f"<article>\n<h1>{escape(post.title)}</h1>\n{byline(view, post)}{picture_tag(post)}"
        f"{paragraphs(post.paragraphs)}\n{replies(view, post.remarks)}\n</article>"
    )


def feed_xml(view: View) -> str:
    posts = view.posts[:_ENTRIES_IN_FEED]
    return _rss(view, posts) if view.feed_type == "application/rss+xml" else _atom(view, posts)


def _entries(view: View, posts: Sequence[Post]) -> str:
    return "".join(
        f'<section class="entry"><h2><a href="{post.path}">{escape(post.title)}</a></h2>\n'
        f"{byline(view, post)}</section>\n"
        for post in posts
    )


def _rss(view: View, posts: Sequence[Post]) -> str:
    items = "".join(
        f"<item><title>{escape(post.title)}</title><link>{view.url(post.path)}</link>"
        f'<guid isPermaLink="true">{view.url(post.path)}</guid>'
        f"<pubDate>{format_datetime(post.published_at)}</pubDate></item>\n"
        for post in posts
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>\n'
        f"<title>{escape(view.host.title)}</title><link>{view.url('/')}</link>"
        f"<description>{escape(view.labels['about_text'])}</description>"
        f"<language>{view.host.language}</language>\n{items}</channel></rss>\n"
    )


def _atom(view: View, posts: Sequence[Post]) -> str:
    entries = "".join(
        f'<entry><title>{escape(post.title)}</title><link href="{view.url(post.path)}"/><id>{view.url(post.path)}</id>'
        f"<updated>{local(post.published_at, view.host).isoformat()}</updated>"
        f"<author><name>{escape(post.author)}</name></author></entry>\n"
        for post in posts
    )
    updated = f"<updated>{posts[0].published_at.isoformat()}</updated>" if posts else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>{escape(view.host.title)}</title><id>{view.url('/')}</id>"
        f'<link rel="self" href="{view.url("/feed.xml")}"/>{updated}\n{entries}</feed>\n'
    )
