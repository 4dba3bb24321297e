"""The recipients of notices, each in its manner: a real SMTP server in this process, and what they answer by mail.

A recipient's manner stands in its address: `abuse@slow-17.test` is slow. What it answers, and whether the content goes
away, follows by the clock that is given; `due()` hands out the answers, as the bytes of mails.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.smtp import SMTP

from shared.clock import Clock
from tests.support import operators_answers as write

H = 3600.0
GREY_S = 240.0  # as long as greylisting servers let a stranger wait (RFC 6647, 5: minutes)


@dataclass(frozen=True)
class Manner:
    """`says`: (seconds after the notice, what); `removes_s`: when the content goes. `refuses`: code of RCPT.
    `puts_off`: 4xx for so many attempts. `grey`: 451 until it waited. `loses`: takes the mail without saying so, once.
    """

    says: tuple[tuple[float, str], ...] = ()
    removes_s: float | None = None
    refuses: int = 0
    puts_off: int = 0
    grey: bool = False
    loses: bool = False


MANNERS: dict[str, Manner] = {
    "honest": Manner(says=((60, "ticket"), (2 * H, "removed")), removes_s=1.5 * H),
    "quick": Manner(says=((60, "removed"),), removes_s=30),
    "slow": Manner(says=((30 * H, "ticket"), (90 * H, "removed")), removes_s=80 * H),
    "silent": Manner(),
    "quiet": Manner(removes_s=5 * H),  # acts without a word
    "delivered": Manner(says=((5, "delivered"),)),  # proves the receipt, and does nothing
    "refusing": Manner(says=((60, "ticket"), (20 * H, "refused"))),
    "countering": Manner(says=((26 * H, "counter"),)),
    "asking": Manner(says=((3 * H, "question"),)),
    "away": Manner(says=((10, "away"),)),
    "dead": Manner(refuses=550),
    "late": Manner(says=((0.5 * H, "delayed"), (5 * H, "bounced"))),  # its own server took it
    "old": Manner(says=((600, "qmail"),)),  # bounces in free words
    "grey": Manner(says=((60, "ticket"), (2 * H, "removed")), removes_s=1.5 * H, grey=True),
    "busy": Manner(says=((60, "ticket"), (3 * H, "removed")), removes_s=1.5 * H, puts_off=2),
    "lost": Manner(says=((60, "ticket"), (3 * H, "removed")), removes_s=1.5 * H, loses=True),
    "lying": Manner(says=((600, "removed"),)),  # says that it is gone; it is not
    "hostile": Manner(says=((60, "forged removal"), (120, "forged bounce"), (180, "page"), (240, "bomb"))),
    "moving": Manner(says=((60, "removed"),), removes_s=30),  # the caller puts the content elsewhere
}


@dataclass(frozen=True)
class Got:
    """A mail that was accepted. `again`: its Message-ID was accepted before at this mailbox."""

    recipient: str
    message_id: str
    reference: str
    at: datetime
    again: bool
    raw: bytes


@dataclass(order=True)
class Pending:
    at: datetime
    number: int
    what: str = field(compare=False)
    got: Got = field(compare=False)


class Peer:
    """`async with Peer(clock) as peer:` listens on `peer.host`, `peer.port`."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.host, self.port = clock, "127.0.0.1", 0
        self.got: list[Got] = []
        self.attempts: Counter[str] = Counter()  # by recipient and Message-ID
        self._pending: list[Pending] = []
        self._first: dict[str, datetime] = {}
        self._gone: dict[str, datetime] = {}
        self._known: set[tuple[str, str]] = set()
        self._number = 0

    async def __aenter__(self) -> Peer:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, hostname="mx.test", loop=loop), self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()

    def due(self) -> list[bytes]:
        """The answers whose time has come, in order; each once."""
        ready = []
        while self._pending and self._pending[0].at <= self.clock.now():
            one = heapq.heappop(self._pending)
            ready.append(self._written(one))
        return ready

    def next_at(self) -> datetime | None:
        """When the next answer comes: how far a fast clock may go."""
        return self._pending[0].at if self._pending else None

    def gone(self, reference: str) -> bool:
        """Whether the content of the case is gone by now: what a removal check would find."""
        at = self._gone.get(reference)
        return at is not None and at <= self.clock.now()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if code := manner(address).refuses:
            return f"{code} 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        (recipient,) = envelope.rcpt_tos  # one notice, one recipient
        raw, how = envelope.original_content, manner(recipient)
        mail = message_from_bytes(raw, policy=policy.compat32)
        key = f"{recipient} {mail['Message-ID']}"
        self.attempts[key] += 1
        first = self._first.setdefault(key, self.clock.now())
        if how.grey and self.clock.now() - first < timedelta(seconds=GREY_S):
            return "451 4.7.1 greylisted, please try again in five minutes"
        if self.attempts[key] <= how.puts_off:
            return "452 4.3.1 too busy, try again later"
        self._accept(recipient, str(mail["Message-ID"]), str(mail["X-Haetae-Reference"]), raw, how)
        if how.loses and self.attempts[key] == 1:
            server.transport.abort()
        return "250 2.0.0 kept"

    def _accept(self, recipient: str, message_id: str, reference: str, raw: bytes, how: Manner) -> None:
        again = (recipient, message_id) in self._known
        self._known.add((recipient, message_id))
        got = Got(recipient, message_id, reference, self.clock.now(), again, raw)
        self.got.append(got)
        if again:
            return
        for after_s, what in how.says:
            self._number += 1
            heapq.heappush(self._pending, Pending(got.at + timedelta(seconds=after_s), self._number, what, got))
        if how.removes_s is not None:
            self._gone.setdefault(reference, got.at + timedelta(seconds=how.removes_s))

    def _written(self, one: Pending) -> bytes:
        to: Any = message_from_bytes(one.got.raw, policy=policy.default)
        mailbox, domain = one.got.recipient, one.got.recipient.rpartition("@")[2]
        stamp = {"at": one.at, "number": one.number}
        match one.what:
            case "ticket":
                words = f"Thank you for your report. Your case number is {100_000 + one.number}."
                return write.reply(mailbox, to, words, **stamp, Auto_Submitted="auto-replied")
            case "removed":
                return write.reply(mailbox, to, "Hello,\nthe content has been removed.\nAbuse desk", **stamp)
            case "refused":
                return write.reply(mailbox, to, "We looked at it. We will not remove this page.", **stamp)
            case "counter":
                return write.reply(mailbox, to, "The poster sent us a counter-notice; it is attached.", **stamp)
            case "question":
                return write.reply(mailbox, to, "Please provide the exact address of the page.", **stamp)
            case "away":
                return write.reply(mailbox, to, "I am out of the office.", **stamp, Auto_Submitted="auto-replied")
            case "delivered" | "delayed" | "bounced":
                return self._status(one.what, to, mailbox, domain, stamp)
            case "qmail":
                return write.qmail_bounce(domain, to, mailbox, **stamp)
        return self._hostile(one.what, to, stamp)

    def _status(self, what: str, to: Any, mailbox: str, domain: str, stamp: Any) -> bytes:
        action, code, why = {
            "delivered": ("delivered", "2.0.0", "250 delivered to the mailbox"),
            "delayed": ("delayed", "4.4.1", "421 the next server does not answer"),
            "bounced": ("failed", "5.1.1", "550 no such mailbox"),
        }[what]
        return write.status(domain, to, mailbox, action, code, why, **stamp)

    def _hostile(self, what: str, to: Any, stamp: Any) -> bytes:
        """From a stranger who knows everything but the Message-ID, or who wants the reader of the mailbox to fall."""
        guessed = message_from_bytes(b"Subject: x\r\n\r\n", policy=policy.default)
        guessed["Message-ID"] = "<00000000-0000-5000-8000-000000000000@agency.test>"
        guessed["X-Haetae-Reference"] = str(to["X-Haetae-Reference"])
        match what:
            case "forged removal":
                guessed.replace_header("Subject", f"Re: {to['X-Haetae-Reference']}")
                return write.reply("abuse@stranger.test", guessed, "The content has been removed.", **stamp)
            case "forged bounce":
                return write.status("stranger.test", guessed, "abuse@honest-1.test", "failed", "5.1.1", "550", **stamp)
            case "page":
                return write.page("abuse@stranger.test", to, "<p>It <b>has been removed</b>.</p>" * 50, **stamp)
        nested = [f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}" for n in range(9000)]
        return "\r\n".join(nested).encode()


def manner(address: str) -> Manner:
    """By the beginning of the domain: `abuse@grey-3.test`. Unknown ones are silent."""
    return MANNERS.get(address.rpartition("@")[2].partition("-")[0].partition(".")[0], MANNERS["silent"])
