"""The conversation with the submission server: what is asked for, what is kept open, what a lost answer means."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiosmtpd.smtp import SMTP

from services.notifier.channels.mail import submission
from services.notifier.channels.mail.smtp import Envelope, Server, xtext
from services.notifier.channels.mail.submission import Submission
from services.notifier.domain import Accepted, Failed
from tests.support.authority import Authority
from tests.support.poll import eventually
from tests.support.smtp_peer import SILENCE, smtp_peer

MAIL = b"Subject: lantern\r\n\r\nthe parcel waits\r\n"


def to(name="abuse@host.test"):
    return Envelope(name, "28e54aae.5b1f")


def server(peer, **more):
    return Server("127.0.0.1", peer.port, "notices@agency.test", timeout_s=5, **more)


async def outcome_of(says, timeout_s=5.0):
    async with smtp_peer(says=says) as peer, Submission(replace(server(peer), timeout_s=timeout_s)) as sending:
        return await sending.post(MAIL, to())


async def test_delivery_statuses_are_asked_for_where_they_are_offered():
    async with smtp_peer("SIZE 1000000", "DSN") as peer, Submission(server(peer)) as sending:
        assert isinstance(await sending.post(MAIL, to("a+b=c@host.test")), Accepted)
    said = peer.lines[0]
    assert f"MAIL FROM:<notices@agency.test> SIZE={len(MAIL)} RET=HDRS ENVID=28e54aae.5b1f" in said
    assert "RCPT TO:<a+b=c@host.test> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bb+3Dc@host.test" in said


async def test_a_server_that_offers_nothing_is_asked_for_nothing():
    async with smtp_peer() as peer, Submission(server(peer)) as sending:
        await sending.post(MAIL, to())
    assert {"MAIL FROM:<notices@agency.test>", "RCPT TO:<abuse@host.test>"} <= set(peer.lines[0])
    assert peer.lines[0][-1] == "QUIT"


async def test_one_connection_serves_many_mails_up_to_a_number(monkeypatch):
    monkeypatch.setattr(submission, "MOST_MAILS", 3)
    async with smtp_peer() as peer, Submission(server(peer)) as sending:
        for _ in range(7):
            assert isinstance(await sending.post(MAIL, to()), Accepted)
    assert [sum(line == "DATA" for line in said) for said in peer.lines] == [3, 3, 1]
    assert all(said[-1] == "QUIT" for said in peer.lines)


async def test_an_idle_connection_is_left_with_a_good_bye(monkeypatch):
    monkeypatch.setattr(submission, "IDLE_S", 0.01)
    async with smtp_peer() as peer, Submission(server(peer)) as sending:
        await sending.post(MAIL, to())

        async def left():
            return peer.lines[0][-1] == "QUIT"

        await eventually(left)


async def test_a_kept_connection_that_the_server_closed_costs_no_attempt():
    async with smtp_peer() as peer, Submission(server(peer)) as sending:
        await sending.post(MAIL, to())
        peer.hang_up()
        assert isinstance(await sending.post(MAIL, to()), Accepted)
    assert len(peer.lines) == 2


async def test_a_server_that_has_had_enough_of_a_connection_gets_another():
    mails = iter([None, "421 4.3.2 that was enough", None])
    says = lambda verb: next(mails) if verb == "MAIL" else None  # noqa: E731  # one line says it
    async with smtp_peer(says=says) as peer, Submission(server(peer)) as sending:
        for _ in range(2):
            assert isinstance(await sending.post(MAIL, to()), Accepted)
    assert len(peer.lines) == 2


async def test_a_refused_recipient_leaves_the_connection_good_for_the_next():
    answers = iter(["550 5.1.1 nobody", None])
    says = lambda verb: next(answers) if verb == "RCPT" else None  # noqa: E731  # one line says it
    async with smtp_peer(says=says) as peer, Submission(server(peer)) as sending:
        assert await sending.post(MAIL, to()) == Failed("550 5.1.1 nobody", final=True)
        assert isinstance(await sending.post(MAIL, to()), Accepted)
    assert len(peer.lines) == 1
    assert "RSET" in peer.lines[0]


async def test_a_refusal_stands_although_the_server_says_nothing_more():
    says = lambda verb: {"RCPT": "550 5.1.1 nobody", "RSET": SILENCE}.get(verb)  # noqa: E731  # one line says it
    assert await outcome_of(says, timeout_s=0.3) == Failed("550 5.1.1 nobody", final=True)


async def test_a_kept_connection_that_falls_silent_is_not_kept_open():
    mails = iter([None, SILENCE])
    says = lambda verb: next(mails) if verb == "MAIL" else None  # noqa: E731  # one line says it
    async with smtp_peer(says=says) as peer, Submission(replace(server(peer), timeout_s=0.3)) as sending:
        await sending.post(MAIL, to())
        assert isinstance(await sending.post(MAIL, to()), Failed)

        async def closed():
            return not peer.open

        await eventually(closed)


@pytest.mark.parametrize(
    ("verb", "answer", "final", "after_s"),
    [
        ("RCPT", "450 4.7.1 come back later", False, 300),
        (".", "451 4.3.0 Greylisted, try again", False, 300),
        (".", "452 4.3.1 disk full", False, 0),
        (".", "554 5.6.0 not this", True, 0),
        ("DATA", "451 4.3.0 busy", False, 0),
        ("MAIL", "552 5.3.4 too large", True, 0),
        ("MAIL", "550 5.7.1 not you", False, 0),
        ("EHLO", "554 5.7.1 not you", False, 0),
    ],
)
async def test_a_refusal_is_the_mails_or_our_own(verb, answer, final, after_s):
    verbs = {verb, "HELO"} if verb == "EHLO" else {verb}
    outcome = await outcome_of(lambda said: answer if said in verbs else None)
    assert isinstance(outcome, Failed)
    assert (outcome.final, outcome.after_s, outcome.perhaps_taken) == (final, after_s, False)
    assert answer[:3] in outcome.reason


@pytest.mark.parametrize(("verb", "perhaps"), [("EHLO", False), ("MAIL", False), ("RCPT", False), (".", True)])
async def test_only_a_mail_that_went_over_is_perhaps_taken_when_the_answer_is_lost(verb, perhaps):
    outcome = await outcome_of(lambda said: "" if said == verb else None)
    assert isinstance(outcome, Failed)
    assert (outcome.final, outcome.perhaps_taken) == (False, perhaps)


async def test_a_server_that_says_nothing_is_given_up():
    outcome = await outcome_of(lambda said: SILENCE if said == "." else None, timeout_s=0.1)
    assert isinstance(outcome, Failed)
    assert (outcome.final, outcome.perhaps_taken) == (False, True)


@asynccontextmanager
async def encrypted(context, tls):
    """A real server behind STARTTLS or TLS; the mails that it took."""
    took = []

    class Taking:
        async def handle_DATA(self, server, session, envelope):
            took.append(server.transport.get_extra_info("ssl_object"))
            return "250 kept"

    starttls = {"tls_context": context, "require_starttls": True} if tls == "starttls" else {}
    loop = asyncio.get_running_loop()
    serving = await loop.create_server(
        lambda: SMTP(Taking(), hostname="localhost", **starttls), "localhost", 0, ssl=context if tls == "tls" else None
    )
    yield serving.sockets[0].getsockname()[1], took
    serving.close()


@pytest.mark.parametrize("tls", ["starttls", "tls", "auto"])
@pytest.mark.parametrize("wrong", [None, "name", "authority", "expired"])
async def test_only_a_server_that_proves_who_it_is_gets_a_mail(tls, wrong, tmp_path):
    authority = Authority(tmp_path)
    context = authority.server("other.test" if wrong == "name" else "localhost", expired=wrong == "expired")
    trusted = None if wrong == "authority" else authority.file
    async with encrypted(context, "starttls" if tls == "auto" else tls) as (port, took):
        asked = Server("localhost", port, "notices@agency.test", timeout_s=5, tls=tls, authorities=trusted)
        async with Submission(asked) as sending:
            outcome = await sending.post(MAIL, to())
    assert isinstance(outcome, Failed if wrong else Accepted), outcome
    assert [bool(secret) for secret in took] == ([] if wrong else [True])
    assert not getattr(outcome, "final", False)


async def test_where_encryption_is_demanded_nothing_goes_without_it():
    async with smtp_peer() as peer, Submission(server(peer, tls="starttls")) as sending:
        assert isinstance(await sending.post(MAIL, to()), Failed)
    assert peer.mails == []


def test_authorities_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"none\.pem"):
        Submission(Server("localhost", 1, "notices@agency.test", timeout_s=5, authorities=tmp_path / "none.pem"))


def test_what_an_envelope_repeats_is_written_as_xtext():
    assert xtext("a+b=c d\u00e9") == "a+2Bb+3Dc+20d+E9"
