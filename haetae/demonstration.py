"""A run on the sandbox web: prepare it, let the loop work, watch until nothing is left to happen."""

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

from deploy.local.supervisor import StackEvent, StackFailed
from haetae import imports, official, reporter, weights
from haetae.client import Case, Gateway
from haetae.house import GATEWAY_PORT, House
from haetae.live import Picture
from haetae.proof import Bundle, bundle_of
from haetae.sandbox import NAME, SandboxProcess
from haetae.summary import Mailbox, Summary, TruthPost, finished, summarise
from services import SERVICES
from services.gateway.accounts import create_account
from services.gateway.rights.vocabulary import Role

REVIEWER = "official"
# Whoever looks around sees every page; an agency gives these roles to different people.
EVERY_ROLE = tuple(role for role in Role if role is not Role.SERVICE)
BANK, CATEGORY = "stand-ins", "stand-in"
MARK = "sandbox-run"  # only a folder with this file in it is emptied before a run
REFRESH_S = 0.5
# Nothing new for so long and the loop is taken to be stuck; a service that was killed comes back within 30 s.
STALLED_S = 90.0
SECRET_BYTES = 12
# Minutes instead of days: the sandbox's operators act within seconds.
CHECK_SCHEDULE = "3,3,4,4,5,5,8,8,10"
CONFIRM_AFTER_S = "2"
MAILS_AN_HOUR = "1000"  # to one mailbox: what agencies send in weeks goes out here in minutes
# An hour of the ladder: whoever does nothing is reminded, and the company behind its site asked, within the run.
LADDER_HOUR_S = "1"
GUARD_S = "60"  # a check every ten seconds for each case that is gone is work that shows nothing new
CHECK_AGAIN_S = "1"
READ = '["open_room"]'  # conversations of the sandbox: its one room is open


@dataclass(frozen=True)
class Options:
    """`review_by_person`: nothing is approved by a script. `scale`: size of the sandbox, 1.0 is about 28 hosts.
    `through`: see `House`."""

    home: Path
    model: Path
    review_by_person: bool = False
    seed: int = 7
    scale: float = 1.0
    gateway_port: int = GATEWAY_PORT
    through: tuple[str, ...] = ()


@dataclass
class Demonstration:
    """`prepare`, then `watch` until the summary, inside `async with demonstration:`."""

    options: Options
    on_picture: Callable[[Picture], None]
    on_step: Callable[[str, float], None]
    picture: Picture = field(default_factory=Picture)
    setup: dict[str, float] = field(default_factory=dict)
    receipt: reporter.Receipt | None = None  # of the page that a scripted person reported at the victim's door
    _escalating: set[str] = field(default_factory=set)  # rooms that an alert must come of: none without a model

    async def __aenter__(self) -> Self:
        empty(self.options.home)
        self.password = secrets.token_urlsafe(SECRET_BYTES)
        self.house = House(self.options.home / "stack", self._on_event, self.options.through)
        begun = time.monotonic()
        await self.house.__aenter__()
        self._took("stack and database", begun)
        self._official: asyncio.Task[None] | None = None
        self._gateway: Gateway | None = None
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._official:
            self._official.cancel()
        if self._gateway:
            await self._gateway.close()
        if hasattr(self, "sandbox"):
            await self.sandbox.close()
        await self.house.__aexit__(*error)

    async def prepare(self) -> None:
        """Sandbox, hash bank, accounts, services; then the sites, and with them the first page to fetch."""
        await self._open_sandbox()
        await self._import_known()
        await self._add_accounts()
        begun = time.monotonic()
        await self.house.open_services(self._settings(), (NAME,), self.options.gateway_port)
        self._took("services", begun)
        if not self.options.review_by_person:
            work = official.approve_everything(self.house.gateway_url, self.password)
            self._official = asyncio.create_task(work)
        self.begun = time.monotonic()
        async with self.house.database("crawler") as database:  # last: from here on there is something to crawl
            await imports.sites(database, self.sandbox.home / "sites.csv")
            await imports.sites(database, self.sandbox.rooms_file)

    async def _open_sandbox(self) -> None:
        begun = time.monotonic()
        self.sandbox = SandboxProcess(
            self.options.home / "sandbox",
            seed=self.options.seed,
            scale=self.options.scale,
            mail_api=self.house.stack.env["HAETAE_MAIL_API"],
            smtp="{HAETAE_SMTP_HOST}:{HAETAE_SMTP_PORT}".format_map(self.house.stack.env),
        )
        self.house.stack.add(self.sandbox.spec)
        await self.house.stack.ready(NAME)
        self._took("sandbox web", begun)

    async def _import_known(self) -> None:
        begun = time.monotonic()
        entries, _ = await asyncio.to_thread(imports.compute_hashes, self.sandbox.home / "known", BANK, CATEGORY)
        async with self.house.database("classifier") as database:
            await imports.list_entries(database, entries)
        self._took("hash bank", begun)

    async def _add_accounts(self) -> None:
        begun = time.monotonic()
        async with self.house.database("gateway") as database:
            await create_account(database, REVIEWER, self.password, EVERY_ROLE)
            if not self.options.review_by_person:
                await create_account(database, official.LOGIN, self.password, (Role.REVIEWER,), scripted=True)
        self._took("accounts", begun)

    def _settings(self) -> dict[str, dict[str, str]]:
        sandbox_hosts = {"HAETAE_ALLOWED_HOSTS_FILE": str(self.sandbox.hosts_file)}
        models = weights.settings(self.options.model)
        if weights.CONVERSATIONS in {*models, *os.environ}:
            models["HAETAE_CONVERSATION_BASES"] = READ
            self._escalating = self.sandbox.rooms()
        return {
            "crawler": {**sandbox_hosts, "HAETAE_CHECK_AGAIN_SECONDS": CHECK_AGAIN_S},
            "evidence": {**sandbox_hosts, "HAETAE_RDAP_BOOTSTRAP": self.sandbox.rdap_bootstrap},
            "classifier": models,
            "gateway": {"HAETAE_WEBHOOKS": "true", "HAETAE_ALLOWED_HOSTS_FILE": str(self._receivers())},
            "drafter": {"HAETAE_CONTACTS_FILE": str(self.sandbox.contacts_file)},
            "notifier": {
                "HAETAE_CHECK_SCHEDULE": CHECK_SCHEDULE,
                "HAETAE_CONFIRM_AFTER": CONFIRM_AFTER_S,
                "HAETAE_GUARD_SECONDS": GUARD_S,
                "HAETAE_LADDER_HOUR_SECONDS": LADDER_HOUR_S,
                "HAETAE_MAILBOX_PER_HOUR": MAILS_AN_HOUR,
                "HAETAE_MAILBOX_PER_DAY": MAILS_AN_HOUR,
                "HAETAE_DOMAIN_PER_HOUR": MAILS_AN_HOUR,
                "HAETAE_DOMAIN_PER_DAY": MAILS_AN_HOUR,
            },
        }

    def _receivers(self) -> Path:
        """Whom webhooks may reach here, without TLS: the machine itself, by a name of its own (docs/subscribers.md)."""
        hosts = self.options.home / "receivers"
        hosts.write_text("127.0.0.1 receiver.test\n")
        return hosts

    async def watch(self, enough: Callable[[Summary], bool] = lambda _: False) -> Summary:
        """Shows the picture as it changes; returns when all is done, or when nothing has moved for too long.

        `enough` ends it earlier, for who wants to see a part only.
        """
        moved, former = time.monotonic(), ""
        while True:
            complete, truth, cases, boxes, warned_of = await self._look()
            state = fingerprint(truth, cases)
            if state != former:
                moved, former = time.monotonic(), state
            summary = summarise(truth, cases, boxes, self._escalating, warned_of)
            if (complete and finished(summary)) or enough(summary):
                return summary
            waits_for_person = self.options.review_by_person and any(case.state == "drafted" for case in cases)
            if not waits_for_person and time.monotonic() - moved > STALLED_S:
                self.picture.notes.append(f"nothing has moved for {STALLED_S:.0f} s")
                return summary
            await asyncio.sleep(REFRESH_S)

    async def bundle(self) -> Bundle | None:
        """The evidence of one removed case as a file in the run's home, checked. None when nothing was removed."""
        gateway = await self._entered()
        return await bundle_of(gateway, await gateway.cases(), self.options.home)

    async def reported(self) -> str | None:
        """What the person who reported a page reads of it now."""
        return await reporter.standing(self.house.gateway_url, self.receipt) if self.receipt else None

    async def _look(self) -> tuple[bool, list[TruthPost], list[Case], list[Mailbox], set[str]]:
        """Raises `StackFailed` when gateway, sandbox or mailboxes stay away."""
        asked = time.monotonic()
        while True:
            try:
                complete, truth = await self.sandbox.truth()
                gateway = await self._entered()
                cases, warned_of = await gateway.cases(), await gateway.warned_of()
                boxes = await self.sandbox.mailboxes()
                self.picture.requests = await self.sandbox.requests()
                if truth and self.receipt is None:
                    self.receipt = await reporter.report_page(self.house.gateway_url, truth[0].url)
                break
            except (httpx.TransportError, httpx.HTTPStatusError) as error:  # a service that was killed is coming back
                if time.monotonic() - asked > STALLED_S:
                    raise StackFailed(f"for {STALLED_S:.0f} s there was no answer: {error!r}") from error
                await asyncio.sleep(REFRESH_S)
        self.picture.expected, self.picture.cases = len(truth), cases
        self.picture.elapsed_s = time.monotonic() - self.begun
        self.on_picture(self.picture)
        return complete, truth, cases, boxes, warned_of

    async def _entered(self) -> Gateway:
        if self._gateway is None:
            self._gateway = await Gateway.login(self.house.gateway_url, REVIEWER, self.password)
        return self._gateway

    def _on_event(self, event: StackEvent) -> None:
        if event.name in SERVICES:
            self.picture.services[event.name] = "✓" if event.kind == "ready" else event.kind
        if event.kind == "died":
            self.picture.notes.append(f"{event.name} died with {event.code}; starting it again")

    def _took(self, step: str, begun: float) -> None:
        self.setup[step] = time.monotonic() - begun
        self.on_step(step, self.setup[step])


def fingerprint(truth: list[TruthPost], cases: list[Case]) -> str:
    """Changes whenever something has moved."""
    return f"{sorted((post.url, post.status) for post in truth)}{sorted((case.url, len(case.times)) for case in cases)}"


def empty(home: Path) -> None:
    """A fresh folder for this run. Raises FileExistsError for a folder that was not made by one."""
    if home.exists() and any(home.iterdir()):
        if not (home / MARK).exists():
            raise FileExistsError(f"{home} is not the folder of a sandbox run: give another --home")
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / MARK).touch()
