"""A small web where hosts depend on each other: pictures, robots.txt and moved pages lie on servers that others use."""

from __future__ import annotations

import json

from tests.support.findings import picture_file
from tests.support.logged_web import LoggedWeb, Pages, answer

BOARDS, POSTS = 6, 10
PER_SECOND = 4.0
PICTURES, MOVED, RULES = "pictures.polite.test", "moved.polite.test", "rules.polite.test"
SLOW, SLOW_DELAY_S = "board-0.polite.test", 0.6  # its robots.txt asks for it
FOREIGN_DELAY_S = 1.0  # nobody registered these: they are asked once a second
TEXT = "<p>The lantern parcel waits at gate seven, and the gardener knows where the second ladder stands. {}</p>"


def board(number: int) -> str:
    return f"board-{number}.polite.test"


def delay_s(host: str) -> float:
    """What the host may expect between an answer of its and the next request."""
    if host in (PICTURES, MOVED, RULES):
        return FOREIGN_DELAY_S
    return SLOW_DELAY_S if host == SLOW else 1 / PER_SECOND


def polite_pages(port: int) -> Pages:
    shared = {"/robots.txt": answer(b"User-agent: *\nDisallow: /hidden\n", kind="text/plain")}
    pages: dict[str, dict[str, bytes]] = {board(number): _board(number, port) for number in range(BOARDS)}
    pages[SLOW]["/robots.txt"] = answer(b"User-agent: *\nCrawl-delay: 0.6\n", kind="text/plain")
    pages[RULES] = dict(shared)
    pages[MOVED] = {f"/{number}.jpg": redirect(f"http://{PICTURES}:{port}/{number}.jpg") for number in range(BOARDS)}
    pages[PICTURES] = {f"/{number}.jpg": answer(picture_file(number), kind="image/jpeg") for number in range(BOARDS)}
    return pages


def _board(number: int, port: int) -> dict[str, bytes]:
    """Front page, posts; post 1 has a picture elsewhere, post 2 of half of the boards one that has moved, `/moved` is
    on the next board now. Half of the boards have their robots.txt elsewhere."""
    host = board(number)
    links = "".join(f'<li><a href="/post/{post}">{post}</a></li>' for post in range(POSTS))
    pages = {"/": answer(_page(f'<ul>{links}</ul><a href="/moved">moved</a>'))}
    for post in range(POSTS):
        pages[f"/post/{post}"] = answer(_page(TEXT.format(f"{host} {post}")))
    picture = f'<img src="http://{PICTURES}:{port}/{number}.jpg">'
    pages["/post/1"] = answer(_page(TEXT.format(1) + picture))
    if number % 2:
        picture = f'<img src="http://{MOVED}:{port}/{number}.jpg">'
        pages["/post/2"] = answer(_page(TEXT.format(2) + picture))
        pages["/robots.txt"] = redirect(f"http://{RULES}:{port}/robots.txt")
    pages["/moved"] = redirect(f"http://{board((number + 1) % BOARDS)}:{port}/landing")
    pages["/landing"] = answer(_page(TEXT.format(f"{host} landing")))
    return pages


def redirect(to: str) -> bytes:
    return answer(b"", f"Location: {to}", status="302 Found")


def _page(body: str) -> bytes:
    return f"<!doctype html><html><head><title>Lanterns</title></head><body>{body}</body></html>".encode()


def site_lines(web: LoggedWeb) -> list[str]:
    return [
        json.dumps(
            {
                "url": web.url(board(number), "/"),
                "name": f"Board {number}",
                "requests_per_second": PER_SECOND,
                "revisit_seconds": 3 if number == BOARDS - 1 else 3_600,
            }
        )
        for number in range(BOARDS)
    ]


def every_page(web: LoggedWeb) -> set[tuple[str, str]]:
    return {(host, path) for host, pages in web.pages.items() if host.startswith("board-") for path in pages} - {
        (SLOW, "/robots.txt")
    }
