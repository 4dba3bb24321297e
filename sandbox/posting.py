"""Brings the operators' answers to the mail sink, by SMTP."""

import asyncio
import smtplib
import sys

_TIMEOUT_S = 5.0


class Postman:
    """`address`: the sink's SMTP side, `host:port`."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"smtp: {address!r} is no HOST:PORT")
        self._host, self._port = host, int(port)
        self._under_way: set[asyncio.Task[None]] = set()

    def post(self, mail: bytes, sender: str, recipient: str) -> None:
        """Soon, and beside everything else."""
        task = asyncio.get_running_loop().create_task(asyncio.to_thread(self._send, mail, sender, recipient))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _send(self, mail: bytes, sender: str, recipient: str) -> None:
        try:
            with smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_S) as server:
                server.sendmail(sender, [recipient], mail)
        except (OSError, smtplib.SMTPException) as fault:
            print(f"sandbox: an answer could not be sent ({fault!r})", file=sys.stderr)  # noqa: T201  # the sandbox's only log
