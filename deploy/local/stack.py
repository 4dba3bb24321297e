"""The embedded stack: broker, PostgreSQL, S3, mail sink and time-stamp authorities in one folder, and whatever the
caller runs beside them."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from deploy.local import access, archive, outside
from deploy.local.authority import authority
from deploy.local.buckets import S3Address, ensure_buckets
from deploy.local.home import HalfRestored, Home
from deploy.local.kafka import Store, kafka
from deploy.local.leftovers import end_leftovers
from deploy.local.mail import mail
from deploy.local.part import PARTS, Part, PartName
from deploy.local.ports import RANDOM_PORTS, Ports, any_port
from deploy.local.postgres import postgres
from deploy.local.process import ProcessSpec
from deploy.local.s3 import BUCKETS, claim_ports, s3
from deploy.local.supervisor import StackEvent, Supervisor
from services import SERVICES

# Of the past, as long as the home has any: what was wrapped or sealed with them still opens.
FORMER = {"HAETAE_FORMER_MASTER_KEYS": "former_master_keys", "HAETAE_FORMER_APPROVAL_KEYS": "former_approval_keys"}


def silent(event: StackEvent) -> None:
    """The default of `on_event`."""


class Stack:
    """`async with Stack(home) as stack:` — ready inside, stopped after; `stack.env` has the addresses and secrets.

    A part whose address is set in `environ` (see `outside`) is not started; the address is passed on. `scratch` is for
    data that may be lost with the machine: no fsync, and random ports instead of the preferred ones. `restoring`: for
    the restore itself, which alone may start on a home that is half restored.
    Raises `HomeInUse`, `HalfRestored`, `StackFailed`.
    """

    def __init__(
        self,
        home: Path,
        *,
        parts: Collection[PartName] = PARTS,
        kafka_store: Store = "s3",
        scratch: bool = False,
        restoring: bool = False,
        environ: Mapping[str, str] = os.environ,
        on_event: Callable[[StackEvent], None] = silent,
    ) -> None:
        self._path, self._wanted, self._store, self._scratch = home, parts, kafka_store, scratch
        self._restoring = restoring
        self._outside = outside.settings(environ)
        self._shared = {name: value for name, value in environ.items() if name.startswith("HAETAE_")}
        self._on_event = on_event
        self._ports = Ports(random.Random())
        self._present: set[str] = set()
        self.env: dict[str, str] = {}

    async def __aenter__(self) -> Stack:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        self.home = Home(self._path)
        if self.home.half_restored and not self._restoring:
            self.home.release()
            raise HalfRestored(
                f"{self.home.path} is half restored: a case without its key would get another one. Remove the folder, "
                "or give another --home, and run `haetae backup restore` again"
            )
        self.supervisor = Supervisor(self.home.path, self.home.logs, self._on_event)
        self.archive = archive.of_home(self.home.path) if "postgres" not in self._outside else None
        self.role_passwords = {service: self.home.secret(f"role_{service}") for service in SERVICES}
        self.env = {
            "HAETAE_MASTER_KEY": self._shared.get("HAETAE_MASTER_KEY") or self.home.key("master_key"),
            "HAETAE_SIGNING_KEY": self._shared.get("HAETAE_SIGNING_KEY") or self.home.key("signing_key"),
            "HAETAE_QUARANTINE_KEY": self._shared.get("HAETAE_QUARANTINE_KEY") or self.home.key("quarantine_key"),
            "HAETAE_HISTORY_KEY": self._shared.get("HAETAE_HISTORY_KEY") or self.home.key("history_key"),
            "HAETAE_APPROVAL_KEY": self._shared.get("HAETAE_APPROVAL_KEY") or self.home.secret("approval_key"),
            # A newcomer on one's own machine begins with a password; a house says otherwise.
            "HAETAE_SECOND_FACTOR": self._shared.get("HAETAE_SECOND_FACTOR") or "optional",
        }
        former = {name: self._shared.get(name) or self.home.given(secret) for name, secret in FORMER.items()}
        self.env |= {name: keys for name, keys in former.items() if keys}
        if self.archive and self.archive.waits:
            self.env["HAETAE_MIRROR_DIR"] = str(self.archive.path)
        try:
            await asyncio.to_thread(end_leftovers, self.home.path)
            await self.start_parts(*self._wanted)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop everything that was started here, and give up the home."""
        await self.supervisor.stop()
        self._ports.release()
        self.home.release()

    async def start_parts(self, *names: PartName) -> None:
        """Start these and what they need, unless they run, and wait until they are ready."""
        started = [name for name in self._with_needs(names) if name not in self._present]
        for name in started:
            await self._start_part(name)
        self.home.write_env(self.env)
        if self.archive and "postgres" in started:
            self.supervisor.add(archive.receiver(self.archive, self.env["HAETAE_DATABASE_URL"]))
        await self.supervisor.ready(*(name for name in [*started, archive.NAME] if name in self.supervisor.names))

    def add(self, spec: ProcessSpec) -> None:
        """Supervise a process of the caller's: it starts after the parts and stops before them, needed or not, so that
        it can finish what it holds. To need a part that somebody else runs is fine: there is nothing to wait for."""
        parts = [part for part in (*PARTS, archive.NAME) if part in self.supervisor.names]
        others = [need for need in spec.needs if need not in (*PARTS, archive.NAME)]
        if absent := [need for need in spec.needs if need in PARTS and need not in self._present]:
            raise ValueError(f"process {spec.name!r} needs {', '.join(absent)}: start the stack with that part")
        self.supervisor.add(replace(spec, needs=(*parts, *others)))

    async def ready(self, *names: str) -> None:
        """Wait for these processes, or all. Raises `StackFailed`."""
        await self.supervisor.ready(*names)

    async def failure(self) -> str:
        """Wait until some process has failed for good; why."""
        return await self.supervisor.failure()

    def service_env(self, service: str) -> dict[str, str]:
        """The settings of one service and no others: its own database role and S3 identity, only the keys it uses."""
        env = access.allowed(service, {**self._shared, **self.env})
        if "postgres" in self._present:
            password = self.role_passwords[service]
            env["HAETAE_DATABASE_URL"] = access.service_url(self.env["HAETAE_DATABASE_URL"], service, password)
        if "s3" in self.supervisor.names and service in access.S3_USERS:
            own = {"HAETAE_S3_ACCESS_KEY": service, "HAETAE_S3_SECRET_KEY": self.home.secret(f"s3_{service}")}
            env |= {name: value for name, value in self.env.items() if name.startswith("HAETAE_S3_")} | own
        return env

    def _with_needs(self, names: Collection[PartName]) -> list[PartName]:
        broker_on_s3 = "kafka" in names and self._store == "s3" and "kafka" not in self._outside
        wanted = {*names, *(["s3"] if broker_on_s3 else [])}
        return [name for name in PARTS if name in wanted]

    async def _start_part(self, name: PartName) -> None:
        self._present.add(name)
        if name in self._outside:
            self.env |= self._outside[name]
            if name == "s3":
                await ensure_buckets(S3Address.of(self.env), BUCKETS)
            return
        part = self._part(name)
        self.env |= part.env
        self.supervisor.add(part.spec)

    def _part(self, name: PartName) -> Part:
        match name:
            case "postgres":
                options = self.archive.server_options() if self.archive else ()
                return postgres(self.home, self.claim_port, scratch=self._scratch, options=options)
            case "s3":
                return s3(self.home, claim_ports(self.claim_port), scratch=self._scratch)
            case "mail":
                return mail(self.home, self.claim_port)
            case "authority":
                return authority(self.home, self.claim_port)
            case "kafka":
                return self._kafka()

    def _kafka(self) -> Part:
        if self._store == "memory":
            return kafka(self.home, self.claim_port, store="memory", bucket_at=None)
        address = S3Address.of(self.env)
        if "s3" in self._outside:
            return kafka(self.home, self.claim_port, store="s3", bucket_at=address)
        own = S3Address(address.endpoint, "kafka", self.home.secret("s3_kafka"))
        return kafka(self.home, self.claim_port, store="s3", bucket_at=own, needs=("s3",))

    def claim_port(
        self, name: str, preferred: int, choose_from: range = RANDOM_PORTS, usable: Callable[[int], bool] = any_port
    ) -> int:
        """A loopback port for `name`: that of the last run, else `preferred` (0: none), else a free one; kept."""
        last = self.home.last_port(name)
        first = [port for port in (last, None if self._scratch else preferred) if port]
        port = self._ports.claim(first, choose_from, usable)
        self.home.keep_port(name, port)
        return port
