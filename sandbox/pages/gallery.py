"""A photo album: a grid of thumbnails, each inside the link to its own page."""

from collections.abc import Sequence
from html import escape

from sandbox.model import Post
from sandbox.pages.layout import Renderer, View, byline, paged, paragraphs, picture_tag, replies


def index_pages(view: View) -> dict[str, Renderer]:
    return paged(view, _grid, lambda number: f"/album/{number}")


def article(view: View, post: Post) -> str:
    return (
        f"<article>\n<h1>{escape(post.title)}</h1>\n{picture_tag(post)}{paragraphs(post.paragraphs)}\n"
        f"{byline(view, post)}{replies(view, post.remarks)}\n</article>"
    )


def _grid(view: View, posts: Sequence[Post]) -> str:
    cells = "".join(
        f'<li><a href="{post.path}"><img src="{post.thumb_path}" alt="" loading="lazy">'
        f"<span>{escape(post.title)}</span></a></li>\n"
        for post in posts
    )
    return f'<ul class="grid">\n{cells}</ul>\n'
