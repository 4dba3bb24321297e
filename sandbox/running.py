"""The running sandbox: world, server, operators and control interface put together."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from sandbox import registries, rooms
from sandbox.control import Control
from sandbox.files import READY, write_home
from sandbox.http import Request, Response, plain
from sandbox.live import LiveWorld
from sandbox.operators import Operators
from sandbox.polling import MailPoller
from sandbox.posting import Postman
from sandbox.server import Server
from sandbox.sites import Site
from sandbox.sockets import bind_all
from sandbox.traffic import Traffic
from sandbox.truth import Truth
from sandbox.world import World

_CONTROL_ADDRESS = "127.0.0.1"


class Sandbox:
    """`async with Sandbox(home) as sandbox:` serves until the block ends.

    `pace` makes everything timed happen that much sooner: posts that appear later, late operators, re-uploads.
    Without `mail_api` no operator reads mail; `control.take_down` still acts for them. Without `smtp` (`host:port`)
    none answers.
    """

    def __init__(
        self,
        home: Path,
        *,
        seed: int = 7,
        scale: float = 1.0,
        port: int = 0,
        control_port: int = 0,
        mail_api: str | None = None,
        smtp: str | None = None,
        pace: float = 1.0,
    ) -> None:
        if pace <= 0:
            raise ValueError(f"pace: {pace} must be above 0 (2 is twice as fast)")
        self.home, self.port, self.control_port = home, port, control_port
        self._mail_api, self._pace = mail_api, pace
        self._postman = Postman(smtp) if smtp else None
        self.world = World.generate(seed, scale)
        self.traffic = Traffic()
        self._servers: list[Server] = []
        self._polling: asyncio.Task[None] | None = None
        self._poller: MailPoller | None = None
        self._timers: set[asyncio.TimerHandle] = set()

    async def __aenter__(self) -> "Sandbox":
        (self.home / READY).unlink(missing_ok=True)
        sockets, self.port = bind_all(
            [*(host.address for host in self.world.hosts), rooms.ADDRESS, registries.ADDRESS], self.port
        )
        control_sockets, self.control_port = bind_all([_CONTROL_ADDRESS], self.control_port)
        self._assemble()
        if self._mail_api:
            self._poller = MailPoller(self._mail_api, self.operators)
            await self._poller.skip_old()
            self._polling = asyncio.create_task(self._poller.run(), name="sandbox mail")
        self.live.start()
        for handler, listening in ((self.respond, sockets), (self.control.respond, control_sockets)):
            server = Server(handler)
            await server.listen(listening)
            self._servers.append(server)
        write_home(self.home, self.live, self.truth, self.port, self.control_port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for timer in self._timers:
            timer.cancel()
        if self._polling:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)
        if self._poller:
            await self._poller.close()
        if self._postman:
            await self._postman.close()
        for server in self._servers:
            await server.close()
        (self.home / READY).unlink(missing_ok=True)

    def _assemble(self) -> None:
        self.live = LiveWorld(self.world, time.time, self._after, self._pace)
        self.sites = {host.name: Site(host, self.live, self.port) for host in self.world.hosts}
        self.room = rooms.Room(self.world.seed, time.time())
        self.registries = registries.Registries(self.world.hosts, self.port)
        self.live.on_change.append(lambda host: self.sites[host].refresh())
        self.operators = Operators(self.live, self.port, self._after, self._postman.post if self._postman else None)
        self.truth = Truth(self.live, self.operators, self.port)
        self.control = Control(self.live, self.operators, self.truth, self.traffic, self.port)

    def _after(self, seconds: float, do: Callable[[], object]) -> None:
        loop = asyncio.get_running_loop()
        self._timers = {timer for timer in self._timers if timer.when() > loop.time() and not timer.cancelled()}
        self._timers.add(loop.call_later(seconds / self._pace, do))

    def respond(self, request: Request) -> Response:
        """What the web of this world answers."""
        if request.host == registries.HOST:  # no site: it is not counted among those that are visited
            return self.registries.respond(request)
        site = self.room if request.host == rooms.HOST else self.sites.get(request.host)
        if site is None:
            return plain(421, f"no host {request.host[:80]!r} here\n")
        self.traffic.note(request.host, request.agent, request.target, time.monotonic())
        if request.method not in ("GET", "HEAD"):
            return plain(405, "only GET and HEAD here\n")
        return site.respond(request)

    def url(self, host: str, path: str = "/") -> str:
        return f"http://{host}:{self.port}{path}"

    def warm(self) -> None:
        """Render everything that is up, so that a benchmark measures the serving alone."""
        for site in self.sites.values():
            site.warm()
