"""Stack, migrations and the six services, as one thing that is started and stopped."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.stack import Stack
from deploy.local.supervisor import StackEvent
from haetae.access import URL, bring_up_to_date
from haetae.services import service_process
from services import SERVICES
from services.gateway.agencies.scoping import EVERYTHING
from shared.database import Database

GATEWAY_PORT = 8080


class House:
    """`async with House(home, on_event) as house`: the stack runs inside; `open_services` starts the rest.

    `through`: a module that runs each service, where it is not run as it is.
    """

    def __init__(self, home: Path, on_event: Callable[[StackEvent], None], through: Sequence[str] = ()) -> None:
        self.stack = Stack(home, on_event=on_event)
        self._through = through
        self.gateway_url = ""

    async def __aenter__(self) -> "House":
        await self.stack.start()
        try:
            await self._prepare_database()
        except BaseException:
            await self.stack.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stack.stop()

    async def _prepare_database(self) -> None:
        await bring_up_to_date(self.stack.env[URL], self.stack.role_passwords)

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[Database]:
        """The service's database, with the service's own rights, for what the command line does in its name."""
        settings = EVERYTHING if service == "gateway" else {}
        opened = Database(self.stack.service_env(service)[URL], f"/haetae/{service}", settings=settings)
        try:
            yield opened
        finally:
            await opened.close()

    async def open_services(
        self, settings: Mapping[str, Mapping[str, str]], needs: Sequence[str] = (), gateway_port: int = GATEWAY_PORT
    ) -> None:
        """Start all six and wait until each is ready. `settings`: what a service is told beside its addresses."""
        port = self.stack.claim_port("gateway", gateway_port)
        self.gateway_url = f"http://127.0.0.1:{port}"
        for name in SERVICES:
            told = self.stack.service_env(name)
            env = {"HAETAE_GATEWAY_URL": self.gateway_url, **told, **settings.get(name, {})}
            if name == "gateway":
                env["HAETAE_GATEWAY_PORT"] = str(port)
            port_of_ops = self.stack.claim_port(f"ops_{name}", 0)
            self.stack.add(service_process(name, env, port_of_ops, needs, self._through))
        await self.stack.ready(*SERVICES)
