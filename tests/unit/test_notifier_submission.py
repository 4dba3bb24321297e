"""The conversation with the submission server: what is asked for, what is kept open, what a lost answer means."""

from dataclasses import replace

import pytest

from services.notifier.channels.mail import submission
from services.notifier.channels.mail.smtp import Envelope, Server, xtext
from services.notifier.channels.mail.submission import Submission
from services.notifier.domain import Accepted, Failed
from tests.support.poll import eventually
from tests.support.smtp_peer import SILENCE, smtp_peer

MAIL = b"Subject: lantern\r\n\r\nthe parcel waits\r\n"


def to(name="abuse@host.test"):
    return Envelope(name, "28e54aae.5b1f")


def server(peer, **more):
    return Server("127.0.0.1", peer.port, "notices@agency.test", timeout_s=5, **more)


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
    async with (
        smtp_peer(says=lambda said: answer if said in (verb, "HELO" if verb == "EHLO" else "") else None) as peer,
        Submission(server(peer)) as sending,
    ):
        outcome = await sending.post(MAIL, to())
    assert isinstance(outcome, Failed)
    assert (outcome.final, outcome.after_s, outcome.perhaps_taken) == (final, after_s, False)
    assert answer[:3] in outcome.reason


@pytest.mark.parametrize(("verb", "perhaps"), [("EHLO", False), ("MAIL", False), ("RCPT", False), (".", True)])
async def test_only_a_mail_that_went_over_is_perhaps_taken_when_the_answer_is_lost(verb, perhaps):
    async with smtp_peer(says=lambda said: "" if said == verb else None) as peer:
        async with Submission(server(peer)) as sending:
            outcome = await sending.post(MAIL, to())
    assert isinstance(outcome, Failed)
    assert (outcome.final, outcome.perhaps_taken) == (False, perhaps)


async def test_a_server_that_says_nothing_is_given_up():
    async with smtp_peer(says=lambda said: SILENCE if said == "." else None) as peer:
        async with Submission(replace(server(peer), timeout_s=0.1)) as sending:
            outcome = await sending.post(MAIL, to())
    assert isinstance(outcome, Failed)
    assert (outcome.final, outcome.perhaps_taken) == (False, True)


def test_what_an_envelope_repeats_is_written_as_xtext():
    assert xtext("a+b=c d\u00e9") == "a+2Bb+3Dc+20d+E9"
