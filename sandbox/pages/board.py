"""A bulletin board: a table of titles, page by page; a post with its replies."""

from collections.abc import Sequence
from html import escape

from sandbox.model import Post
from sandbox.pages.layout import Renderer, View, byline, paged, paragraphs, picture_tag, replies, time_tag


def index_pages(view: View) -> dict[str, Renderer]:
    return paged(view, _table, lambda number: f"/?page={number}")


def article(view: View, post: Post) -> str:
    return (
        f"<article>\n<h1>{escape(post.title)}</h1>\n{byline(view, post)}{paragraphs(post.paragraphs)}\n"
        f"{picture_tag(post)}{replies(view, post.remarks)}\n</article>"
    )


def _table(view: View, posts: Sequence[Post]) -> str:
    labels = view.labels
    rows = "".join(
        f'<tr><td>{post.number}</td><td><a href="{post.path}">{escape(post.title)}</a> '
        f"<small>[{len(post.remarks)}]</small></td>"
        f"<td>{escape(post.author)}</td><td>{time_tag(post.published_at, view.host)}</td></tr>\n"
        for post in posts
    )
    head = f"<tr><th>#</th><th>{labels['title']}</th><th>{labels['author']}</th><th>{labels['date']}</th></tr>\n"
    return f'<table class="posts">\n<thead>{head}</thead>\n<tbody>\n{rows}</tbody></table>\n'
