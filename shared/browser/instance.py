"""One started Chromium: its processes, how much it was used, and its end."""

import asyncio
import os
import resource
import shutil
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import structlog
from playwright.async_api import Browser, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from shared.browser import processes
from shared.failures import Transient
from shared.guarded import KEPT

log = structlog.get_logger()

# Chromium puts shared memory into files of the folder for temporary files when it is told not to use /dev/shm, as
# Playwright tells it: pictures of pages would lie on a disk.
ON_DISK = "--disable-dev-shm-usage"
CLOSE_S = 5.0
# Nothing that the fetcher does not answer gets out: no name resolves (addresses count as names here), whatever tries
# all the same goes to a proxy that is not there, and WebRTC may not send datagrams past the proxy.
ARGUMENTS = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",  # Chromium's name for it; each build ignores the other's
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # the headless shell's
    "--disable-quic",
    "--dns-prefetch-disable",
)
# What it may know of our environment: whoever takes it over by a page reads all of it, and keys and logins are there.
TOLD = (*KEPT, "HOME", "TMPDIR", "TZ", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")


class Instance:
    """`pages`: opened so far; `in_use`: open now."""

    def __init__(self, playwright: Playwright, browser: Browser, pid: int | None) -> None:
        self.browser, self._playwright, self._pid = browser, playwright, pid
        self._profile = processes.profile_of(pid) if pid else None
        self._driver = processes.parent(pid) if pid else None  # Playwright's, between us and the browser
        self.pages = self.in_use = 0
        self._stopped = False

    @classmethod
    async def start(cls, executable: Path | None) -> Self:
        """Raises `Transient` naming the cure."""
        as_root = os.geteuid() == 0
        if as_root:
            log.warning("chromium runs without its sandbox, because this process is root's: run it as another user")
        playwright = None
        _no_core_dumps()
        try:
            playwright = await async_playwright().start()
            browser = await playwright.chromium.launch(
                executable_path=executable,
                args=ARGUMENTS,
                ignore_default_args=[ON_DISK] if _in_memory() else [],
                env={name: os.environ[name] for name in TOLD if name in os.environ},
                chromium_sandbox=not as_root,
                handle_sigint=False,  # who stops the service also stops the browser, after the pages in flight
                handle_sigterm=False,
                handle_sighup=False,
            )
            made = cls(playwright, browser, await _process_id(browser))
        except PlaywrightError as error:
            if playwright:
                await _within(playwright.stop())
            raise Transient(
                f"Chromium does not start ({executable or 'Playwright’s own'}): {error.message[:500]}; "
                "install it or name it with HAETAE_CHROMIUM"
            ) from error
        log.info("chromium started", version=browser.version, executable=str(executable))
        return made

    @property
    def alive(self) -> bool:
        """Playwright says so, and its driver is there: nobody tells a browser as disconnected whose driver died."""
        return self.browser.is_connected() and (self._driver is None or processes.lives(self._driver))

    def private_bytes(self) -> int:
        return processes.private_bytes(processes.tree(self._pid)) if self._pid else 0

    async def stop(self) -> None:
        """Close it, by force where it does not. Nothing of it stays: no process, no folder."""
        if self._stopped:
            return
        self._stopped = True
        left = processes.tree(self._pid) if self._pid else ()
        await _within(self.browser.close())
        await _within(self._playwright.stop())
        processes.end(left)
        if self._profile:
            await asyncio.to_thread(shutil.rmtree, self._profile, ignore_errors=True)


async def _process_id(browser: Browser) -> int | None:
    session = await browser.new_browser_cdp_session()
    told = await session.send("SystemInfo.getProcessInfo")
    await session.detach()
    return next((int(one["id"]) for one in told["processInfo"] if one["type"] == "browser"), None)


def _in_memory() -> bool:
    if enough := processes.shared_memory_is_enough():
        return enough
    log.warning("chromium shares memory through files on disk: give /dev/shm 512 MiB or more", cure="shm_size: 1g")
    return False


def _no_core_dumps() -> None:
    """A dump of the browser would hold what its pages show; what we start inherits the limit."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


async def _within(closing: Coroutine[Any, Any, None]) -> None:
    with suppress(PlaywrightError, TimeoutError, ConnectionError):
        await asyncio.wait_for(closing, CLOSE_S)
