"""The answers of `walls.toml`: walls of every kind in seven languages, and near misses."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from services.crawler.pages.reading import read_page
from shared.pages.walls import Wall, Walled, wall_of

URL = "http://harbour-board.test/post/41"
PIECES = {
    "{post}": (
        "The lantern parcel waits at gate seven, and the ferry leaves when the evening bell has rung twice. "
        "Nobody on the quay had seen the blue token since the market closed, so we walked along the harbour wall."
    ),
    "{password}": "<form action=/login><input name=user><input type=password name=pw><button>Go</button></form>",
    "{recaptcha}": '<script src="https://www.google.com/recaptcha/api.js"></script><div class="g-recaptcha"></div>',
    "{turnstile}": '<script src="https://challenges.cloudflare.com/turnstile/v0/api.js" defer></script>',
    "{picture}": "<img src=/media/1.jpg width=600 height=400>",
    "{links}": "".join(f"<a href=/post/{n}>Post {n}</a>" for n in range(40)),
}


@dataclass(frozen=True)
class Served:
    """One answer. `title` and `body` become a page."""

    title: str = ""
    body: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    url: str = URL
    final_url: str = ""

    def wall(self) -> Walled | None:
        body = self.body
        for name, piece in PIECES.items():
            body = body.replace(name, piece)
        html = f"<!doctype html><html><head><title>{self.title}</title></head><body>{body}</body></html>".encode()
        final = self.final_url or self.url
        page = read_page(html, final, "text/html; charset=utf-8")
        return wall_of(self.status, self.headers, self.url, final, page, html)


_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
WALLS, NEAR_MISSES = (
    {Wall(name): [Served(**one) for one in served] for name, served in _TABLES[key].items()}
    for key in ("walls", "near_misses")
)
