"""Processes that stand for pods: `python -m services.NAME`, as many as are wanted, under the stack's supervisor."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from deploy.local.stack import Stack
from deploy.local.supervisor import StackEvent
from haetae.services import service_process


class Pods:
    """`name` goes before the processes' numbers. Give the stack `on_event` of it. `started_s`: of each process, from
    its spawn until it said that it is ready."""

    def __init__(self, service: str, name: str, env: Mapping[str, str]) -> None:
        self._service, self._name, self._env = service, name, env
        self._running: list[str] = []
        self._ready: set[str] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._made = 0
        self.started_s: list[float] = []
        self.died: list[str] = []

    @property
    def asked(self) -> int:
        return len(self._running)

    @property
    def reading(self) -> int:
        return len(self._ready & set(self._running))

    def on_event(self, event: StackEvent) -> None:
        if not event.name.startswith(f"{self._name}-"):
            return
        if event.kind == "ready":
            self._ready.add(event.name)
            self.started_s.append(event.seconds)
        elif event.kind in ("died", "failed"):
            self.died.append(f"{event.name}: {event.detail}")
        elif event.kind == "stopped":
            self._ready.discard(event.name)

    def ask(self, stack: Stack, count: int) -> None:
        """Returns at once: pods come and go by themselves. The youngest goes first, as Kubernetes chooses."""
        while self.asked < count:
            self._made += 1
            name = f"{self._name}-{self._made}"
            env = {**stack.service_env(self._service), **self._env, "HAETAE_INSTANCE": str(self._made)}
            spec = service_process(self._service, env, stack.claim_port(f"ops_{name}", 0))
            stack.add(replace(spec, name=name))
            self._running.append(name)
        while self.asked > count:
            task = asyncio.create_task(stack.supervisor.halt(self._running.pop()))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def ready(self, stack: Stack) -> None:
        await stack.ready(*self._running)

    async def gone(self, stack: Stack) -> None:
        self.ask(stack, 0)
        await asyncio.gather(*self._leaving)
