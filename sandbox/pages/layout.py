"""What the pages of all kinds share: the frame, dates, pictures, replies, paging, and the pages about nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from html import escape

from sandbox.model import Host, Kind, Post, Remark
from sandbox.phrases import phrasebook

Renderer = Callable[[], str]
PER_PAGE = 10
# Linked from every page and closed by robots.txt: a crawler that asks for it all the same shows in the statistics.
CLOSED_TO_ROBOTS = "/private/"


@dataclass(frozen=True, slots=True)
class View:
    """What a visitor may see of a host. `posts` are the listed ones, newest first; `port` is that of every address."""

    host: Host
    port: int
    posts: tuple[Post, ...]
    prints: bool
    """Whether the site offers a print view of each post."""

    @property
    def labels(self) -> dict[str, str]:
        return phrasebook(self.host.language).labels

    @property
    def feed_type(self) -> str:
        """The media type of the host's feed, "" when it has none. Half of the journals speak RSS, the others Atom."""
        if self.host.kind is not Kind.FEED:
            return ""
        return "application/rss+xml" if self.host.first_number % 2 == 0 else "application/atom+xml"

    def url(self, path: str, host: str = "") -> str:
        return f"http://{host or self.host.name}:{self.port}{path}"


def local(moment: datetime, host: Host) -> datetime:
    return moment.astimezone(timezone(timedelta(hours=host.utc_offset_hours)))


def time_tag(moment: datetime, host: Host) -> str:
    at = local(moment, host)
    return f'<time datetime="{at.isoformat()}">{at:%Y-%m-%d %H:%M}</time>'


def page(view: View, title: str, main: str, head: str = "") -> str:
    host, labels = view.host, view.labels
    if view.feed_type:
        head += f'<link rel="alternate" type="{view.feed_type}" title="{escape(host.title)}" href="/feed.xml">\n'
    friends = "".join(f'<li><a href="{view.url("/", name)}">{escape(name)}</a></li>' for name in host.friends)
    return (
        f'<!doctype html>\n<html lang="{host.language}">\n<head>\n<meta charset="{host.charset}">\n'
        f"<title>{escape(title)} - {escape(host.title)}</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="stylesheet" href="/style.css">\n<link rel="icon" href="/favicon.ico">\n{head}</head>\n<body>\n'
        f'<header><a class="brand" href="/">{escape(host.title)}</a>\n'
        f'<nav><a href="/">{labels["home"]}</a> <a href="/about">{labels["about"]}</a> '
        f'<a href="{CLOSED_TO_ROBOTS}inbox">✉</a></nav></header>\n'
        f"<main>\n{main}\n</main>\n"
        f"<footer><h2>{labels['friends']}</h2><ul>{friends}</ul></footer>\n</body>\n</html>\n"
    )


def post_page(view: View, post: Post, article: str) -> str:
    head = f'<link rel="canonical" href="{view.url(post.path)}">\n'
    footer = ""
    if view.prints:
        head += f'<link rel="alternate" media="print" href="{post.path}?view=print">\n'
        footer = f'<p class="tools"><a rel="nofollow" href="{post.path}?view=print">{view.labels["print"]}</a></p>'
    return page(view, post.title, article + footer, head)


def print_page(view: View, post: Post, article: str) -> str:
    """The same article without the frame, told apart from the page it belongs to by its canonical link."""
    return (
        f'<!doctype html>\n<html lang="{view.host.language}">\n<head>\n<meta charset="{view.host.charset}">\n'
        f'<title>{escape(post.title)}</title>\n<meta name="robots" content="noindex, nofollow">\n'
        f'<link rel="canonical" href="{view.url(post.path)}">\n</head>\n<body>\n{article}\n</body>\n</html>\n'
    )


def notice_page(view: View, text: str) -> str:
    """A page that only says something: not found, gone, deleted, about."""
    return page(view, text, f'<p class="notice">{escape(text)}</p>')


def picture_tag(post: Post) -> str:
    if post.picture is None:
        return ""
    return f'<figure><img src="{post.media_path}" alt="{escape(post.title)}"></figure>\n'


def paragraphs(texts: Sequence[str]) -> str:
    return "\n".join(f"<p>{escape(text)}</p>" for text in texts)


def replies(view: View, remarks: Sequence[Remark]) -> str:
    if not remarks:
        return f'<section class="replies"><h2>{view.labels["replies"]}</h2><p>{view.labels["no_replies"]}</p></section>'
    rows = "".join(
        f"<li><b>{escape(r.author)}</b> {time_tag(r.at, view.host)}<p>{escape(r.text)}</p></li>\n" for r in remarks
    )
    return f'<section class="replies"><h2>{view.labels["replies"]} ({len(remarks)})</h2><ol>\n{rows}</ol></section>'


def byline(view: View, post: Post) -> str:
    author = f'<span class="author">{escape(post.author)}</span>'
    return f'<p class="byline">{view.labels["by"]} {author}, {time_tag(post.published_at, view.host)}</p>\n'


def paged(
    view: View, render: Callable[[View, Sequence[Post]], str], address: Callable[[int], str]
) -> dict[str, Renderer]:
    """Index pages of `PER_PAGE` posts, page 1 at "/", the others where `address` says, linked to each other."""
    pages = max(1, -(-len(view.posts) // PER_PAGE))

    def renderer(number: int) -> Renderer:
        def rendered() -> str:
            posts = view.posts[(number - 1) * PER_PAGE : number * PER_PAGE]
            links = [
                f'<a rel="{rel}" href="{address(other)}">{view.labels[label]}</a>'
                for rel, label, other in (("prev", "previous", number - 1), ("next", "next", number + 1))
                if 1 <= other <= pages
            ]
            paging = f'<nav class="paging">{" ".join(links)}</nav>' if links else ""
            return page(view, f"{view.labels['home']} {number}", render(view, posts) + paging)

        return rendered

    found = {address(number): renderer(number) for number in range(1, pages + 1)}
    return {"/": renderer(1), **found}
