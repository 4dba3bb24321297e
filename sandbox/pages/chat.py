"""Open chat rooms: a list of rooms, a list of days for each, and a day's log, which is the unit of content."""

from html import escape

from sandbox.composing import ROOMS
from sandbox.model import Post
from sandbox.pages.layout import Renderer, View, page, picture_tag, time_tag


def index_pages(view: View) -> dict[str, Renderer]:
    def of_room(room: str) -> Renderer:
        return lambda: _room(view, room)

    return {"/": lambda: _rooms(view), **{f"/room/{room}": of_room(room) for room in ROOMS}}


def article(view: View, post: Post) -> str:
    last = len(post.remarks) // 2  # a shared picture stands in the middle of the day
    lines = []
    for place, remark in enumerate(post.remarks):
        shared = picture_tag(post) if place == last else ""
        lines.append(
            f'<li>{time_tag(remark.at, view.host)} <b class="author">{escape(remark.author)}</b> '
            f"<span>{escape(remark.text)}</span>{shared}</li>\n"
        )
    return f'<article>\n<h1>{escape(post.title)}</h1>\n<ol class="log">\n{"".join(lines)}</ol>\n</article>'


def _rooms(view: View) -> str:
    """Each room with its latest day, so that a new day shows on the first page."""
    rows = []
    for room in ROOMS:
        latest = next((post for post in view.posts if post.room == room), None)
        day = f' <a href="{latest.path}">{_day(latest)}</a>' if latest else ""
        rows.append(f'<li><a href="/room/{room}">{room}</a>{day}</li>\n')
    return page(
        view, view.labels["rooms"], f'<h1>{view.labels["rooms"]}</h1>\n<ul class="rooms">\n{"".join(rows)}</ul>'
    )


def _room(view: View, room: str) -> str:
    days = "".join(f'<li><a href="{post.path}">{_day(post)}</a></li>\n' for post in view.posts if post.room == room)
    return page(view, room, f'<h1>{room}</h1>\n<h2>{view.labels["days"]}</h2>\n<ul class="days">\n{days}</ul>')


def _day(post: Post) -> str:
    return post.path.rsplit("/", 1)[1]
