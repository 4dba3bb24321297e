"""What a host answers to whom, as its posts stand now."""

from collections.abc import Callable
from functools import partial

from sandbox.http import Request, Response, response
from sandbox.images import posted_file, thumbnail_file
from sandbox.live import LivePost, LiveWorld
from sandbox.model import Behaviour, Host, Post, Status
from sandbox.pages import PAGES
from sandbox.pages.common import HAS_SITEMAP, favicon, robots_txt, sitemap_xml, style_css
from sandbox.pages.feed import feed_xml
from sandbox.pages.layout import CLOSED_TO_ROBOTS, Renderer, View, notice_page, post_page, print_page

Route = Callable[[], Response]
# Whom a cloaking operator hides from: our own crawler, by the name it gives.
SHUNNED_AGENT = "haetae"


class Site:
    """One host. Pages are rendered when first asked for and kept until something on the host changes."""

    def __init__(self, host: Host, live: LiveWorld, port: int) -> None:
        self.host = host
        self._live, self._port = live, port
        self._faces: dict[bool, _Face] = {}
        self._cloaks = False
        self.refresh()

    def refresh(self) -> None:
        """Something was published or taken down."""
        shown = self._live.shown(self.host.name)
        self._cloaks = any(live.status is Status.CLOAKED for live in shown)
        self._faces = {}

    def respond(self, request: Request) -> Response:
        shunned = self._cloaks and SHUNNED_AGENT in request.agent.lower()
        face = self._faces.get(shunned)
        if face is None:
            face = self._faces[shunned] = _Face(self.host, self._live.shown(self.host.name), self._port, shunned)
        return face.respond(request.target)

    def warm(self) -> None:
        """Render everything that an ordinary visitor can see."""
        for target in self.addresses():
            self.respond(Request("GET", target, self.host.name, "", "", b""))

    def addresses(self) -> list[str]:
        """Every path and query that answers 200 to an ordinary visitor now."""
        face = _Face(self.host, self._live.shown(self.host.name), self._port, shunned=False)
        return [target for target in face.routes if face.respond(target).status == 200]


class _Face:
    """What one kind of visitor (shunned or not) sees of the host: each address with its renderer."""

    def __init__(self, host: Host, shown: list[LivePost], port: int, shunned: bool) -> None:
        self._host, self._shunned = host, shunned
        listed = tuple(live.post for live in shown if self._lists(live))
        self._view = View(host, port, listed, prints=host.behaviour is Behaviour.PRETEND)
        self._pages = PAGES[host.kind]
        self._ready: dict[str, Response] = {}
        self.routes: dict[str, Route] = self._site_routes()
        for live in shown:
            self.routes.update(self._post_routes(live))

    def respond(self, target: str) -> Response:
        ready = self._ready.get(target)
        if ready is not None:
            return ready
        route = self.routes.get(target)
        if route is None:  # not kept: the addresses that do not exist are without number
            return self._not_there()
        self._ready[target] = made = route()
        return made

    def _lists(self, live: LivePost) -> bool:
        return live.status is Status.UP or (live.status is Status.CLOAKED and not self._shunned)

    def _site_routes(self) -> dict[str, Route]:
        host, view = self._host, self._view
        about = notice_page(view, view.labels["about_text"])
        routes: dict[str, Route] = {
            target: partial(self._rendered, render) for target, render in self._pages.index_pages(view).items()
        }
        routes["/about"] = routes[f"{CLOSED_TO_ROBOTS}inbox"] = lambda: self._html(about)
        routes["/style.css"] = lambda: response(200, "text/css", style_css(host).encode())
        routes["/favicon.ico"] = lambda: response(200, "image/png", favicon(host))
        routes["/robots.txt"] = lambda: response(200, "text/plain; charset=utf-8", robots_txt(view).encode())
        if host.kind in HAS_SITEMAP:
            routes["/sitemap.xml"] = lambda: response(200, "application/xml", sitemap_xml(view).encode())
        if view.feed_type:
            routes["/feed.xml"] = lambda: response(200, f"{view.feed_type}; charset=utf-8", feed_xml(view).encode())
        return routes

    def _post_routes(self, live: LivePost) -> dict[str, Route]:
        """The page, its print view, picture and thumbnail: each as the post's status makes it."""
        post, view = live.post, self._view
        routes: dict[str, Route] = {post.path: partial(self._article, live, post_page)}
        if view.prints:
            routes[f"{post.path}?view=print"] = partial(self._article, live, print_page)
        if (picture := post.picture) is not None:
            routes[post.media_path] = lambda: _file(live, *posted_file(picture))
            routes[post.thumb_path] = lambda: _file(live, thumbnail_file(picture), "image/jpeg")
        if live.status is Status.REMOVED:
            return dict.fromkeys(routes, self._removed)
        if live.status is Status.CLOAKED and self._shunned:
            return dict.fromkeys(routes, self._not_there)
        if live.status is Status.PRETENDED:  # all but the page itself stays where it was
            routes[post.path] = lambda: self._html(notice_page(view, view.labels["deleted"]))
        return routes

    def _rendered(self, render: Renderer) -> Response:
        return self._html(render())

    def _article(self, live: LivePost, frame: Callable[[View, Post, str], str]) -> Response:
        return self._html(frame(self._view, live.post, self._pages.article(self._view, live.post)), live)

    def _removed(self) -> Response:
        """Half of the sites say 410 for what was removed, the others 404; which, follows from their numbering."""
        gone = self._host.first_number % 2 == 0
        return self._html(notice_page(self._view, self._view.labels["gone"]), status=410) if gone else self._not_there()

    def _not_there(self) -> Response:
        return self._html(notice_page(self._view, self._view.labels["not_found"]), status=404)

    def _html(self, text: str, live: LivePost | None = None, status: int = 200) -> Response:
        """The page in the host's own encoding. Shift_JIS is named only inside the page, as on many old sites."""
        charset = self._host.charset
        media_type = "text/html" if charset == "shift_jis" else f"text/html; charset={charset}"
        modified = live.post.published_at.timestamp() if live else None
        return response(status, media_type, text.encode(charset, "xmlcharrefreplace"), last_modified=modified)


def _file(live: LivePost, body: bytes, media_type: str) -> Response:
    return response(200, media_type, body, last_modified=live.post.published_at.timestamp())
