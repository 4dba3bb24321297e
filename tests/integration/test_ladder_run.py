"""Cases of every manner of recipient run through the ladder on a fast clock, and what must hold of all of them."""

import sys
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
import sqlalchemy as sa

from services.notifier.channels.form.channel import Form
from services.notifier.channels.mail.smtp import Server
from services.notifier.delivery.budget import Budget
from services.notifier.ladder.clocks import clock_of
from services.notifier.ladder.ends import open_ends
from services.notifier.ladder.facts import REMINDER
from services.notifier.ladder.plan import plan
from services.notifier.ladder.reading import read_facts
from services.notifier.ladder.store import Ladder
from services.notifier.store import BOUNCED, HANDING, SENT, WITHDRAWN, Delivery
from shared.clock import ManualClock
from shared.database import Database
from shared.events import CasePlanned, FollowUpAsked, NoticeEscalated, NoticeSent, RemovalVerified
from tests.support.ladder_run import RHYTHM, STEP, Run
from tests.support.notifier import ORIGIN, Notifier
from tests.support.operators_peer import Peer

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Less than in service, so that it is felt.
BUDGET = Budget(mailbox_per_hour=4, mailbox_per_day=20, domain_per_hour=8, domain_per_day=40)


class Told:
    """A run that is over: its rows, and what it published."""

    def __init__(self, run, rows, facts):
        self.run, self.rows, self.facts, self.now = run, rows, facts, run.clock.now()
        self.by_id = {row.notice_id: row for row in rows}

    def events(self, wanted):
        return [event for event in self.run.events if isinstance(event, wanted)]


async def played(database, clock, count, days):
    async with Peer(clock) as peer:
        notifier = Notifier(database, clock, Server(peer.host, peer.port, ORIGIN.sender, timeout_s=10))
        notifier.sender = replace(notifier.sender, rhythm=RHYTHM, attempts=20, budget=BUDGET)
        notifier.sender = replace(notifier.sender, channels={**notifier.sender.channels, "form": Form()})
        run = Run(database, clock, peer, notifier, Random(7), mailboxes=3)
        run.add(count)
        await run.play(days)
        async with database.transaction() as tx:
            rows = await tx.scalars(sa.select(Delivery))
            ladders = await tx.scalars(sa.select(Ladder))
            facts = [await read_facts(tx, one) for one in ladders]
    return Told(run, rows, facts)


@pytest.mark.parametrize("count", [20, pytest.param(1000, marks=[pytest.mark.chaos, pytest.mark.timeout(3600)])])
async def test_every_approved_notice_ends_and_every_clock_is_heard(migrated, count):
    clock = ManualClock()
    database = Database(migrated.dsn_for("notifier"), "/haetae/notifier", clock)
    told = await played(database, clock, count, days=16)
    await database.close()
    assert len(told.facts) == count
    each_ends_in_receipt_refusal_or_alarm(told)
    each_mail_is_one_approved_notice(told)
    nobody_got_more_than_his_budget(told)
    every_clock_fired_on_time(told)
    rungs_and_reminders_kept_their_distance(told)
    nothing_went_out_after_a_proven_removal(told)
    sys.stderr.write(f"{summary(told)}\n")


def each_ends_in_receipt_refusal_or_alarm(told):
    for facts in told.facts:
        assert open_ends(facts, told.now) == ()
        alarmed = {step.notice_id for step in plan(facts, told.now) if step.what == "alarm"}
        for one in facts.entries:
            assert one.state in (SENT, BOUNCED, WITHDRAWN, HANDING)
            if one.state == SENT and one.follows is None and not facts.settled(one):
                assert one.received_at is not None or one.notice_id in alarmed
            if one.state in (BOUNCED, HANDING) and not facts.settled(one):
                assert one.notice_id in alarmed


def each_mail_is_one_approved_notice(told):
    """Also where the recipient's server took a mail and never said so."""
    sent = {row.message_id: row.address for row in told.rows if row.state == SENT and row.channel == "mail"}
    got = {one.message_id.strip(): one.recipient for one in told.run.peer.got}
    assert got == sent
    assert len({row.message_id for row in told.rows}) == len(told.rows)
    repeats = Counter(one.recipient.partition("@")[2].partition("-")[0] for one in told.run.peer.got if one.again)
    assert set(repeats) <= {"lost"}
    assert len([event for event in told.events(NoticeSent) if event.recipient.channel == "mail"]) == len(sent)


def nobody_got_more_than_his_budget(told):
    by_name = defaultdict(list)
    for one in told.run.peer.got:
        by_name[one.recipient].append(one.at)
        by_name["@" + one.recipient.partition("@")[2]].append(one.at)
    for name, times in by_name.items():
        for window, most in zip((HOUR, DAY), BUDGET.limits(name), strict=True):
            for before, after in zip(times, times[most:], strict=False):
                assert after - before >= window, name


def every_clock_fired_on_time(told):
    """A law's time that ran out while the content was there was told as an alarm, then and not before."""
    alarms = {}
    for event in told.events(CasePlanned):
        for step in event.steps:
            if step.what == "alarm" and step.why == "expired":
                alarms.setdefault((step.notice_id, step.at), event.planned_at)
    for (_, ended), heard in alarms.items():
        assert timedelta(0) <= heard - ended <= 2 * STEP
    expected = 0
    for facts in told.facts:
        for one in facts.entries:
            clock = clock_of(one)
            if clock and clock.statutory and clock.ends_at <= told.now and not facts.settled(one):
                assert (one.notice_id, clock.ends_at) in alarms
                expected += 1
    assert expected
    asked = {notice for event in told.events(FollowUpAsked) if event.why == "regulator" for notice in event.notices}
    assert asked


def rungs_and_reminders_kept_their_distance(told):
    firsts = {event.case_id: event.sent_at for event in reversed(told.events(NoticeSent))}
    early = {notice for event in told.events(NoticeEscalated) if event.why != "due" for notice in event.notices}
    for row in told.rows:
        if row.state == SENT and row.rung and row.round == 0 and row.notice_id not in early:
            assert row.sent_at >= firsts[row.case_id] + timedelta(hours=row.notice["after_hours"])
    by_recipient = defaultdict(list)
    for row in told.rows:
        if row.state == SENT:
            by_recipient[row.case_id, row.address].append((row.sent_at, row.occasion))
    for mails in by_recipient.values():
        for (before, _), (after, occasion) in pairwise(sorted(mails)):
            assert occasion != REMINDER or after - before >= DAY


def nothing_went_out_after_a_proven_removal(told):
    removed = {event.case_id: event.verified_at for event in reversed(told.events(RemovalVerified))}
    assert removed
    for row in told.rows:
        if row.state == SENT and row.round == 0 and row.case_id in removed:
            assert row.sent_at <= removed[row.case_id]


def summary(told):
    states = Counter(row.state for row in told.rows)
    kinds = Counter(type(event).__name__ for event in told.run.events)
    return {"cases": len(told.facts), "turns": told.run.turns, **states, **kinds}
