"""A small web site for captures, and a trap that counts whatever reaches it."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.web import serving

HOST = "lantern-board.en.test"


def picture(width: int = 480, height: int = 320) -> bytes:
    """A procedural picture: discs on a gradient."""
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    draw = ImageDraw.Draw(image)
    for number in range(5):
        x, y = number * width // 5, (number * 37) % height
        draw.ellipse((x, y, x + 60, y + 60), fill=(200, 60 + number * 30, 40))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


@dataclass
class Site:
    """Set `pages[path]` to a Response, or to a function of the request; `asked` is what was requested, in order."""

    port: int = 0
    hosts: Path | None = None  # the hosts file that allows it
    pages: dict[str, object] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://{HOST}:{self.port}{path}"

    def page(self, path: str, body: str, status: int = 200) -> str:
        html = f"<!doctype html><html><head><title>Lanterns</title></head><body>{body}</body></html>"
        self.pages[path] = Response(html, status, media_type="text/html")
        return self.url(path)

    def paths(self) -> list[str]:
        return [request.url.path for request in self.asked]

    async def _answer(self, request: Request) -> Response:
        self.asked.append(request)
        answer = self.pages.get(request.url.path, Response("nothing here", 404))
        if callable(answer) and not isinstance(answer, Response):
            answer = await answer(request)
        assert isinstance(answer, Response)
        return answer


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[Site]:
    """The site, until left; its hosts file goes into `folder`."""
    made = Site()
    app = Starlette(routes=[Route("/{path:path}", made._answer)])
    async with serving(app, "127.0.0.1", 0) as made.port:
        made.hosts = folder / "hosts"
        made.hosts.write_text(f"127.0.0.1 {HOST}\n")
        yield made


@dataclass
class Trap:
    """Something private on a loopback port: nothing may ever reach it."""

    port: int
    reached: list[str] = field(default_factory=list)


@asynccontextmanager
async def trap() -> AsyncIterator[Trap]:
    """Listens for connections and datagrams on one port number."""
    made = Trap(0)

    async def caught(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.reached.append("connection: " + (await reader.read(200)).decode("latin-1").partition("\r\n")[0])
        writer.close()

    class Datagrams(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            made.reached.append(f"datagram of {len(data)} bytes")

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        made.port = listener.getsockname()[1]
        server = await asyncio.start_server(caught, sock=listener)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            Datagrams, local_addr=("127.0.0.1", made.port)
        )
        try:
            yield made
        finally:
            transport.close()
            server.close()
