"""A mail server in a process of its own: takes every mail, and notes when and which on a line of a file."""

import asyncio
import signal
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    def __init__(self, noted: Path) -> None:
        self._noted = noted.open("a", buffering=1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        name = next((line for line in content.splitlines() if line.lower().startswith(b"message-id:")), b": ?")
        self._noted.write(f"{time.time():.6f} {name.split(b':', 1)[1].decode().strip()}\n")
        return "250 2.0.0 kept"


async def serve(noted: Path, ready: Path) -> None:
    sink = Sink(noted)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(lambda: SMTP(sink, hostname="sink.test"), "127.0.0.1", 0)
    ready.with_suffix(".new").write_text(str(server.sockets[0].getsockname()[1]))
    ready.with_suffix(".new").rename(ready)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2])))
