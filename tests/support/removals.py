"""Two hundred ways in which a page is removed, or only seems to be, on real sockets: a host of its own for each."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from gzip import compress
from pathlib import Path
from random import Random

from services.crawler.frontier.pacing import Pacer
from services.crawler.pages.page_reader import PageReader
from services.crawler.pictures.keeping import Keeper
from services.crawler.pictures.picture_box import PictureBox
from services.crawler.registry.ways import Ways
from services.crawler.removals.checking import Checker
from services.crawler.removals.vantage import Vantage
from services.crawler.removals.viewing import Tools
from services.crawler.visits.asking import Asker
from services.crawler.visits.rendering import Renderer
from shared.browser import Chromium
from shared.clock import SystemClock
from shared.net import Fetcher, NetSettings
from shared.net.exits import read_exits
from shared.settings import QuarantineSettings
from tests.support.findings import TEXT, picture_file
from tests.support.raw_server import plain

ADDRESS = "127.78.0.3"
CUT_OFF = b"HTTP/1.1 "
HTML = "Content-Type: text/html; charset=utf-8"
GONE = ("404 Not Found", "410 Gone", "451 Unavailable For Legal Reasons")
ORIGINAL, COPY, OTHER = picture_file(quality=90), picture_file(quality=35), picture_file(seed=2)
SMALLER = picture_file(size=190, quality=60)

Answer = Callable[[bytes, int], bytes]  # of a request's head, and how often its path was asked for before


@dataclass
class Staged:
    """`pages`: by path. `changes`: it answers otherwise later, so that one check does not tell."""

    kind: str
    host: str
    gone: bool
    changes: bool
    pages: dict[str, Answer]
    asked: dict[str, int] = field(default_factory=dict)

    def answer(self, head: bytes) -> bytes:
        path = head.split(b" ")[1].decode()
        nth = self.asked[path] = self.asked.get(path, -1) + 1
        made = self.pages.get(path)
        return made(head, nth) if made else plain(b"none", status="404 Not Found")


def html(body: str, status: str = "200 OK", *headers: str) -> Answer:
    page = plain(f"<html><body>{body}</body></html>".encode(), HTML, *headers, status=status)
    return lambda _head, _nth: page


def file(body: bytes, status: str = "200 OK") -> Answer:
    return lambda _head, _nth: plain(body, "Content-Type: image/jpeg", status=status)


def leads(to: str, status: str = "302 Found") -> Answer:
    return lambda _head, _nth: plain(b"", f"Location: {to}", status=status)


TOMBS = (
    "This post has been deleted.",
    "삭제된 게시물입니다.",
    "この投稿は削除されました。",
    "该帖子已被删除。",
    "該文章已被刪除。",
    "Сообщение удалено.",
    "Bài viết đã bị xóa.",
    "Esta publicación ha sido eliminada.",
    "โพสต์นี้ถูกลบแล้ว",
)
AROUND = (
    "",
    "<nav><a href=/>Home</a><a href=/rules>Rules</a></nav>",
    "<p>Log in to see more.</p><form action=/login><input type=password></form>",
    "<img src=/logo.png><aside><a href=/p/2>Bread market on Monday</a></aside>",
)
CHALLENGES = (
    html("<h1>Just a moment</h1><p>Verify you are human by completing the action below.</p>", "403 Forbidden"),
    html("<p>wait</p>", "503 Service Unavailable", "cf-mitigated: challenge"),
    html("<p>wait</p>", "404 Not Found", "cf-mitigated: challenge"),
    html("<title>보안 확인</title><p>로봇이 아님을 확인해 주세요</p><p>자동 입력 방지 문자를 입력하세요</p>"),
    html("<p>Please complete the captcha to continue.</p><script src=https://hcaptcha.com/1/api.js></script>"),
    html("<h1>Just a moment</h1><p>Verify you are human by completing the action below.</p>", "404 Not Found"),
)
BLOCKED = (
    "This content is not available in your country.",
    "해당 국가에서는 이용할 수 없습니다",
    "not available in your region",
)
LOGINS = (
    leads("/login?next=/p/1"),
    html("<title>로그인</title><p>로그인이 필요합니다</p><form><input type=password></form>"),
    html("<h1>Log in</h1><p>You must be logged in.</p><input type=password>", "403 Forbidden"),
    html("<p>members only</p>", "401 Unauthorized"),
    html("<title>로그인</title><p>로그인이 필요합니다</p><form><input type=password></form>", "404 Not Found"),
)
APOLOGY = "<p>" + " ".join(f"We are sorry for the trouble, reader number {number}." for number in range(30)) + "</p>"
ELSEWHERE = "<p>The harbour market opens on Monday with fresh bread, and everybody is welcome to the second pier.</p>"


def real(rng: Random) -> dict[str, Answer]:
    """Page and picture are gone, with whatever words."""
    page = html(rng.choice(TOMBS) + rng.choice(AROUND), rng.choice(GONE))
    picture = html("gone", rng.choice(GONE[:2]))
    return {"/p/1": page, "/m/1.jpg": picture, "/logo.png": file(OTHER)}


def soft_404(rng: Random) -> dict[str, Answer]:
    said = [
        html(rng.choice(TOMBS) + rng.choice(AROUND)),
        html(""),
        leads("/"),
        leads("/p/gone", "301 Moved Permanently"),
    ]
    return {"/p/1": rng.choice(said), "/": html("<h1>Welcome</h1>"), "/p/gone": html(rng.choice(TOMBS))}


def geo_block(rng: Random) -> dict[str, Answer]:
    """With the site's frame around, and at length."""
    status = rng.choice(("403 Forbidden", "451 Unavailable For Legal Reasons", "200 OK", "404 Not Found"))
    said = f"<title>Sorry</title><p>{rng.choice(BLOCKED)}</p>{rng.choice(('', APOLOGY))}"
    around = "" if status in ("200 OK", "403 Forbidden") else rng.choice(AROUND)
    return {"/p/1": html(said + around, status), "/logo.png": file(OTHER)}


def login_wall(rng: Random) -> dict[str, Answer]:
    return {"/p/1": rng.choice(LOGINS), "/login?next=/p/1": html("<h1>Log in</h1><input type=password>")}


def captcha(rng: Random) -> dict[str, Answer]:
    return {"/p/1": rng.choice(CHALLENGES), "/m/1.jpg": html("none", GONE[0])}


def refused(rng: Random) -> dict[str, Answer]:
    """Too many requests, a server in trouble, an answer that is none."""
    status = rng.choice(("429 Too Many Requests", "500 Internal Server Error", "502 Bad Gateway", "403 Forbidden"))
    return {"/p/1": rng.choice((html("<p>later</p>", status), lambda _head, _nth: CUT_OFF))}


def cached_copy(rng: Random) -> dict[str, Answer]:
    """The page is gone, its picture is still served where it was, or in the page's cache."""
    stays = file(rng.choice((ORIGINAL, COPY, SMALLER)))
    tomb = rng.choice(TOMBS)
    if rng.random() < 0.5:
        return {"/p/1": html(tomb, rng.choice(GONE)), "/m/1.jpg": stays}
    onward = f"{tomb}<a href='/p/1?view=cache'>cache</a>"
    return {"/p/1": html(onward), "/p/1?view=cache": html(f"<p>{TEXT}</p>")}


def another_copy(rng: Random) -> dict[str, Answer]:
    """The tombstone shows the picture under another address, encoded anew, or has it in itself."""
    copy = rng.choice((COPY, SMALLER))
    inside = f"data:image/jpeg;base64,{b64encode(copy).decode()}"
    shown = rng.choice(("/n/2.jpg", inside))
    return {"/p/1": html(f"{rng.choice(TOMBS)}<img src='{shown}'>", rng.choice(GONE)), "/n/2.jpg": file(copy)}


def cropped_copy(rng: Random) -> dict[str, Answer]:
    """Another picture stands where it was, whatever its status: perhaps a part of it, which no hash tells."""
    other = file(OTHER, rng.choice(("200 OK", *GONE)))
    return {"/p/1": html(rng.choice(TOMBS), rng.choice(GONE)), "/m/1.jpg": other}


def as_file(rng: Random) -> dict[str, Answer]:
    """The page's address answers with a status of removal and the picture, or with what we cannot read."""
    packed = plain(compress(TEXT.encode()), HTML, "Content-Encoding: other", status=GONE[0])
    return {"/p/1": rng.choice((file(COPY, rng.choice(GONE)), file(OTHER, GONE[1]), lambda _head, _nth: packed))}


def inside(rng: Random) -> dict[str, Answer]:
    """The tombstone carries the content where only browsers look."""
    written = b64encode(f"<p>{TEXT}</p>".encode()).decode()
    carried = (
        f"<div><template shadowrootmode=open><p>{TEXT}</p></template></div>",
        f"<iframe src='data:text/html;base64,{written}'></iframe>",
        "<iframe src=/n/2.jpg></iframe>",
        "<input type=image src=/n/2.jpg>",
        "<svg><image href=/n/2.jpg width=300 height=300 /></svg>",
        "Are you of age? <a href='/p/1?age=1'>Yes</a>",
    )
    page = html(f"{rng.choice(TOMBS)}{rng.choice(carried)}", rng.choice(GONE))
    onward = html(rng.choice(TOMBS), GONE[0], "Refresh: 0; url=/p/1?age=1")
    of_age = html(f"<p>{TEXT}</p>")
    return {"/p/1": rng.choice((page, page, page, onward)), "/n/2.jpg": file(COPY), "/p/1?age=1": of_age}


def unlike_us(rng: Random) -> dict[str, Answer]:
    """Gone for who asks as no browser asks: one does not forbid to store what it loads anew."""
    shown, hidden = html(f"<p>{TEXT}</p>"), html(rng.choice(TOMBS), rng.choice(GONE))
    return {"/p/1": lambda head, nth: (hidden if b"no-store" in head.lower() else shown)(head, nth)}


def moved(rng: Random) -> dict[str, Answer]:
    """The content stands elsewhere, and the page leads there."""
    to = rng.choice(("/p/9", "/archive/1"))
    ways = (
        leads(to, "301 Moved Permanently"),
        html(f"{rng.choice(TOMBS)}<iframe src={to}></iframe>", rng.choice(GONE)),
        html(f'<meta http-equiv=refresh content="0; url={to}">gone', rng.choice(GONE)),
    )
    return {"/p/1": rng.choice(ways), to: html(f"<p>{TEXT}</p>")}


def below(rng: Random) -> dict[str, Answer]:
    """Status and first words are a removal's; the content follows."""
    return {"/p/1": html(f"<h1>{rng.choice(TOMBS)}</h1><div style='margin-top:9000px'>{TEXT}</div>", rng.choice(GONE))}


def replaced(rng: Random) -> dict[str, Answer]:
    return {"/p/1": html(ELSEWHERE + rng.choice(AROUND)), "/logo.png": file(OTHER)}


def cloaked(rng: Random) -> dict[str, Answer]:
    """Gone for whoever says that it is us, or for everybody else."""
    shown, hidden = html(f"<p>{TEXT}</p>"), html(rng.choice(TOMBS), rng.choice(GONE))
    ours = rng.random() < 0.5

    def page(head: bytes, nth: int) -> bytes:
        return (hidden if (b"Haetae" in head) == ours else shown)(head, nth)

    return {"/p/1": page}


def comes_back(rng: Random) -> dict[str, Answer]:
    """Away for one check, and there again at the next."""
    shown, hidden = html(f"<p>{TEXT}</p>"), html(rng.choice(TOMBS), rng.choice(GONE))
    away = rng.choice((2, 4))  # requests: of both visitors, for one look or two
    return {"/p/1": lambda head, nth: (hidden if nth < away else shown)(head, nth)}


def half(rng: Random) -> dict[str, Answer]:
    """The picture is removed and the page stays, or the words alone."""
    return {"/p/1": html(f"<p>{TEXT}</p><p>{rng.choice(TOMBS)}</p>"), "/m/1.jpg": html("gone", rng.choice(GONE))}


KINDS: dict[Callable[[Random], dict[str, Answer]], int] = {
    real: 46, soft_404: 14, geo_block: 20, login_wall: 14, captcha: 14, refused: 8, cached_copy: 14, another_copy: 10,
    cropped_copy: 8, as_file: 8, inside: 16, moved: 8, below: 4, replaced: 4, cloaked: 6, unlike_us: 1, comes_back: 3,
    half: 2,
}  # fmt: skip


def staged(seed: int) -> Iterator[Staged]:
    number = 0
    for kind, times in KINDS.items():
        for _ in range(times):
            pages = kind(Random(f"{seed} {number}"))
            yield Staged(kind.__name__, f"staged{number}.test", kind is real, kind is comes_back, pages)
            number += 1


@asynccontextmanager
async def staged_web(folder: Path, cases: list[Staged]) -> AsyncIterator[tuple[int, Checker]]:
    """The port of all of them, and who checks."""
    by_host = {case.host: case for case in cases}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                host = head.lower().partition(b"\r\nhost:")[2].partition(b"\r\n")[0].decode().strip().partition(":")[0]
                answer = by_host[host].answer(head)
                writer.write(answer)
                await writer.drain()
                if answer == CUT_OFF:
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    hosts, exits = folder / "hosts", folder / "exits"
    hosts.write_text("".join(f"{ADDRESS} {host}\n" for host in by_host))
    exits.write_text("")
    clock = SystemClock()
    server = await asyncio.start_server(serve, ADDRESS, 0)
    async with Fetcher(NetSettings(allowed_hosts_file=hosts, exits_file=exits, fetch_timeout_s=5)) as fetcher:
        pacer = Pacer(clock)
        for host in by_host:
            pacer.set_pace(host, 10_000)
        asker = Asker(fetcher, pacer, clock, Ways(read_exits(exits)))
        renderer = Renderer(asker, Chromium(None, 1), 1, clock)
        keeper = Keeper(QuarantineSettings(), clock)
        async with PictureBox(asker, keeper, clock, 1_000_000, 1_000_000) as box, PageReader() as pages, renderer:
            tools = Tools(pages, box, renderer, 1_000_000, 1_000_000)
            vantages = (Vantage("honest", "Haetae/0.1"), Vantage("browser", "Mozilla/5.0"))
            yield server.sockets[0].getsockname()[1], Checker(asker, tools, vantages, clock, timedelta())
    server.close()
