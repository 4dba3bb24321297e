"""A page in a context of its own: nothing of it is any other page's, and its gate answers all that it asks for."""

import asyncio
import re
from contextlib import suppress

import structlog
from playwright.async_api import BrowserContext, Page, Route, WebSocketRoute
from playwright.async_api import Error as PlaywrightError

from shared.browser.gate import Gate
from shared.browser.instance import CLOSE_S, Instance

log = structlog.get_logger()

WIDTH, HEIGHT = 1280, 800  # an ordinary laptop's
ANY_SOCKET = re.compile("")


class Opened:
    """An empty page. It has no gate until `begin`: what it asked for before is refused."""

    def __init__(self, instance: Instance, context: BrowserContext, user_agent: str, scripts: bool) -> None:
        self.instance, self.user_agent, self.scripts = instance, user_agent, scripts
        self._context = context
        self._gate: Gate | None = None
        self._windows: set[asyncio.Task[None]] = set()
        self.page: Page

    @classmethod
    async def open(cls, instance: Instance, user_agent: str, *, scripts: bool) -> "Opened":
        """Raises `PlaywrightError`."""
        context = await instance.browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            user_agent=user_agent,
            java_script_enabled=scripts,
            service_workers="block",
            accept_downloads=False,
        )
        made = cls(instance, context, user_agent, scripts)
        try:
            await context.route("**/*", made._serve)
            await context.route_web_socket(ANY_SOCKET, made._refuse_socket)
            made.page = await context.new_page()
        except BaseException:
            await asyncio.shield(made.close())
            raise
        context.on("page", made._refuse_window)
        return made

    def begin(self, gate: Gate) -> Page:
        gate.page = self.page
        self._gate = gate
        return self.page

    async def close(self) -> None:
        """A context that does not close in time takes the browser with it."""
        if self._gate:
            await self._gate.close()
        with suppress(PlaywrightError):
            try:
                await asyncio.wait_for(self._context.close(), CLOSE_S)
            except TimeoutError:
                log.warning("a page does not close; chromium is started anew")
                await self.instance.browser.close()

    async def _serve(self, route: Route) -> None:
        if self._gate:
            await self._gate.serve(route)
        else:
            with suppress(PlaywrightError):
                await route.abort("blockedbyclient")

    async def _refuse_socket(self, socket: WebSocketRoute) -> None:
        if self._gate:
            await self._gate.refuse_socket(socket)

    def _refuse_window(self, window: Page) -> None:
        if self._gate:
            task = asyncio.create_task(self._gate.refuse_window(window))
            self._windows.add(task)
            task.add_done_callback(self._windows.discard)
