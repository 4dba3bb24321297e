"""The agency's mailbox over real SMTP and IMAP: each mail once, whatever happens to the reader or the mailbox."""

import asyncio
from contextlib import contextmanager
from datetime import timedelta

import aiosmtplib
import pytest
import sqlalchemy as sa
from pydantic import SecretStr, ValidationError

from services.notifier.inbox import reader as reading
from services.notifier.inbox.imap import Away, Server
from services.notifier.inbox.reader import LEASE, Reader
from services.notifier.inbox.settings import InboxSettings
from services.notifier.inbox.store import MailboxRow, MailRow, UnmatchedRow
from services.notifier.inbox.taking import Reading
from shared.clock import ManualClock
from shared.database import Database
from shared.handling import Context
from tests.support.imap_liar import liar


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
async def database(migrated):
    database = Database(migrated.dsn_for("notifier"), "/haetae/notifier", ManualClock())
    yield database
    await database.close()


def server(mail, **more) -> Server:
    given = {
        "host": mail.env["HAETAE_IMAP_HOST"],
        "port": int(mail.env["HAETAE_IMAP_PORT"]),
        "username": mail.env["HAETAE_IMAP_USERNAME"],
        "password": SecretStr(mail.env["HAETAE_IMAP_PASSWORD"]),
        "tls": "none",
        "folder": "INBOX",
        "timeout_s": 10.0,
    }
    return Server(**{**given, **more})


@pytest.fixture
async def reader(mail):
    made = Reader(server(mail), Reading(frozenset()), "a", 1.0)
    yield made
    await made._close()


async def send(mail, number: int, text: str = "hello") -> None:
    raw = f"From: desk@host.test\r\nMessage-ID: <{number}@host.test>\r\nSubject: number {number}\r\n\r\n{text}\r\n"
    await aiosmtplib.send(
        raw.encode(), sender="x@host.test", recipients=["answers@agency.test"], hostname=mail.host, port=mail.port
    )


async def round_of(reader: Reader, database: Database) -> int:
    return await reader.round(database, database.clock)


async def outcomes(database) -> list[str]:
    async with database.transaction() as tx:
        return sorted(row.outcome for row in await tx.scalars(sa.select(MailRow)))


async def test_what_arrives_is_taken_up_once_and_stays_in_the_mailbox(reader, database, mail):
    for number in (1, 2):
        await send(mail, number)
    assert await round_of(reader, database) == 2
    assert await round_of(reader, database) == 0
    await send(mail, 3, "the lantern parcel waits at gate seven\r\n" * 20_000)  # of which the beginning is read
    assert await round_of(reader, database) == 1
    assert await outcomes(database) == ["unmatched"] * 3
    session = await asyncio.to_thread(reader.server.open)
    await asyncio.to_thread(session.select)
    kept = await asyncio.to_thread(session._box.uids, "KEYWORD $Haetae", None)
    assert len(kept) == 3
    await asyncio.to_thread(session.close)


async def test_a_reader_that_dies_between_two_mails_leaves_the_rest_to_the_next(reader, database, mail, monkeypatch):
    for number in (1, 2, 3):
        await send(mail, number)
    take, taken = reading.take, []

    async def dying(tx, *given):
        outcome = await take(tx, *given)
        taken.append(given[1])
        if len(taken) == 2:
            raise Killed  # before the commit
        return outcome

    monkeypatch.setattr(reading, "take", dying)
    with pytest.raises(Killed):
        await round_of(reader, database)
    monkeypatch.undo()
    assert await outcomes(database) == ["unmatched"]
    other = Reader(reader.server, reader.reading, "b", 1.0)
    assert await round_of(other, database) == 0  # the lease of the dead one
    database.clock.advance(LEASE.total_seconds() + 1)
    assert await round_of(other, database) == 2
    assert await outcomes(database) == ["unmatched"] * 3
    await other._close()


async def test_two_readers_take_nothing_twice(reader, database, mail):
    for number in range(4):
        await send(mail, number)
    other = Reader(reader.server, reader.reading, "b", 1.0)
    await asyncio.gather(round_of(reader, database), round_of(other, database))
    database.clock.advance(LEASE.total_seconds() + 1)
    await round_of(other, database)
    assert await outcomes(database) == ["unmatched"] * 4
    await other._close()


async def test_a_mailbox_with_other_uids_is_read_again_and_nothing_is_news(reader, database, mail):
    await send(mail, 1)
    await round_of(reader, database)
    async with database.transaction() as tx:
        row = await tx.get(MailboxRow, reader.server.name, lock=True)
        row.uid_validity += 1  # what the server says now is another one
    assert await round_of(reader, database) == 1
    async with database.transaction() as tx:
        assert len(await tx.scalars(sa.select(UnmatchedRow))) == 1


async def test_a_mail_that_we_fail_on_waits_for_a_person_and_stops_nothing(reader, database, mail, monkeypatch):
    await send(mail, 1)
    await send(mail, 2)
    take, seen = reading.take, []

    async def failing(tx, *given):
        seen.append(given)
        if len(seen) == 1:
            raise KeyError("ours")
        return await take(tx, *given)

    monkeypatch.setattr(reading, "take", failing)
    assert await round_of(reader, database) == 2
    assert await outcomes(database) == ["unmatched", "unreadable"]
    async with database.transaction() as tx:
        whys = {row.why for row in await tx.scalars(sa.select(UnmatchedRow))}
    assert "the program fails on it: KeyError" in whys


async def test_a_mailbox_that_is_away_says_why_without_its_password(mail):
    for wrong in (server(mail, password=SecretStr("not-this-one")), server(mail, port=1), server(mail, tls="tls")):
        with pytest.raises(Away) as away:
            await asyncio.to_thread(wrong.open)
        assert "not-this-one" not in str(away.value)
    session = await asyncio.to_thread(server(mail, folder="Elsewhere").open)
    with pytest.raises(Away, match="HAETAE_IMAP_FOLDER"):
        await asyncio.to_thread(session.select)
    await asyncio.to_thread(session.close)


async def test_a_refused_log_in_is_not_repeated_until_the_account_is_locked(database, monkeypatch):
    called: list[str] = []

    @contextmanager
    def calling(to, name):
        called.append(f"{to} {name}")
        yield

    monkeypatch.setattr(reading, "calling", calling)
    says: dict[str, list[str]] = {"LOGIN": ["NO [AUTHENTICATIONFAILED] no"]}
    context = Context(database, database.clock, None, lambda: False)
    async with liar(says, []) as port:
        made, pauses = Reader(lying(port), Reading(frozenset()), "a", 1.0), []
        for _ in range(6):
            await made._looked(context)
            pauses.append(made._refused_s)
        assert pauses == [300, 600, 1200, 2400, 3600, 3600]
        assert called == ["imap log in"] * 6
        read = context.metrics.mailbox_read
        assert read._value.get() == 0
        del says["LOGIN"]
        await made._looked(context)
        assert made._refused_s == 0
        assert read._value.get() == context.clock.now().timestamp()
        await made._close()


def lying(port: int) -> Server:
    return Server("127.0.0.1", port, "a", SecretStr("b"), "none", "INBOX", 5.0)


def searched(uids: list[int]):
    """A SEARCH by a range of UIDs, or for the last."""

    def found(command: str, rest: str) -> list[str]:
        low, _, high = rest.split(" ")[1].partition(":")
        named = uids[-1:] if low == "*" else [uid for uid in uids if int(low) <= uid <= int(high)]
        return ["* SEARCH " + " ".join(map(str, named)), "OK done"]

    return found


async def test_a_million_mails_are_asked_for_a_few_at_a_time():
    """All of them at once are one line that imaplib refuses, each time."""
    heard: list[str] = []
    uids = [5, *range(40_000, 140_000)]
    async with liar({"SEARCH": searched(uids)}, heard) as port:
        session = await asyncio.to_thread(lying(port).open)
        await asyncio.to_thread(session.select)
        assert await asyncio.to_thread(session.uids, 0, None) == [5]
        assert await asyncio.to_thread(session.uids, 5, None) == list(range(40_000, 40_006))
        assert len(await asyncio.to_thread(session.uids, 60_000, None)) == 10_000
        assert await asyncio.to_thread(session.uids, 139_999, None) == []
        await asyncio.to_thread(session.close)


async def test_a_mail_that_the_server_does_not_hand_out_waits_for_a_person_and_stops_nothing(database):
    raw = "From: a@host.test\r\n\r\nhello"
    whole = [
        f'* 2 FETCH (UID 2 INTERNALDATE "99-Xyz-2026 10:00:00 +0000" BODY[]<0> {{{len(raw)}}}',
        f"{raw})",
        "OK done",
    ]

    def fetch(command: str, rest: str) -> list[str]:
        return ["NO [UNAVAILABLE] not now"] if rest.startswith("1 ") else whole

    async with liar({"SEARCH": searched([1, 2]), "FETCH": fetch}, []) as port:
        made = Reader(lying(port), Reading(frozenset()), "a", 1.0)
        for _ in range(reading.TRIES):
            with pytest.raises(Away, match="not handed out"):
                await round_of(made, database)
        assert await outcomes(database) == ["unreadable"]
        assert await round_of(made, database) == 1
        assert await outcomes(database) == ["unmatched", "unreadable"]
        await made._close()


async def test_a_mailbox_that_may_only_be_read_is_read():
    heard: list[str] = []
    async with liar({"SELECT": ["* OK [UIDVALIDITY 7] valid", "OK [READ-ONLY] selected"]}, heard) as port:
        session = await asyncio.to_thread(lying(port).open)
        assert await asyncio.to_thread(session.select) == 7
        await asyncio.to_thread(session.close)
    assert any("EXAMINE" in line for line in heard)


@pytest.mark.parametrize(
    "nonsense", [["* SEARCH x y", "OK done"], ["* SEARCH " + "9" * 5000, "OK done"], ["* )(", "BAD what"]]
)
async def test_nonsense_of_a_server_is_no_fault_of_ours(nonsense):
    async with liar({"SEARCH": nonsense}, []) as port:
        session = await asyncio.to_thread(lying(port).open)
        await asyncio.to_thread(session.select)
        with pytest.raises(Away):
            await asyncio.to_thread(session.uids, 0, None)
        await asyncio.to_thread(session.close)


def test_the_log_in_is_whole_and_encrypted_unless_it_stays_on_this_machine():
    whole = {"imap_host": "127.0.0.1", "imap_username": "a", "imap_password": "b", "imap_tls": "none"}
    assert InboxSettings(**whole).mailbox() is not None
    assert InboxSettings().mailbox() is None
    for change, named in (({"imap_host": "mail.test"}, "HAETAE_IMAP_TLS"), ({"imap_password": ""}, "IMAP_PASSWORD")):
        with pytest.raises(ValidationError, match=named):
            InboxSettings(**{**whole, **change})


def test_the_lease_outlives_a_round():
    assert timedelta(seconds=2 * reading.AT_ONCE) < LEASE
