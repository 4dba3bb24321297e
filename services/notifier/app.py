"""The notifier: approvals out as mails, removal checks until the content is gone."""

from functools import partial

from services.notifier.channels.api.following import Follower
from services.notifier.channels.api.wiring import api
from services.notifier.channels.form.channel import Form
from services.notifier.channels.form.handing import keep_handing
from services.notifier.channels.mail.channel import Mail
from services.notifier.channels.mail.submission import Submission
from services.notifier.channels.port import Channel
from services.notifier.delivery.sender import Sender
from services.notifier.handlers import enqueue
from services.notifier.inbox import reader as inbox
from services.notifier.ladder import timer
from services.notifier.ladder.pace import set_hour
from services.notifier.orders import handed_over, stopped
from services.notifier.reconciliation import nightly
from services.notifier.removal.checks import keep_asking
from services.notifier.removal.following import follow_up, forget
from services.notifier.settings import Settings
from shared.approvals import Approvals
from shared.clock import SystemClock
from shared.events import (
    CasePlanned,
    CheckRequested,
    ContentChecked,
    ContentReappeared,
    CustodyNoted,
    Event,
    FollowUpAsked,
    HandedOver,
    HandOverDue,
    NoticeAnswered,
    NoticeBounced,
    NoticeEscalated,
    NoticeSent,
    NoticesStopped,
    NoticeWithdrawn,
    RemovalVerified,
    ReviewDecided,
)
from shared.handling import Service

PUBLISHES: frozenset[type[Event]] = frozenset(
    {
        CasePlanned,
        CheckRequested,
        ContentReappeared,
        FollowUpAsked,
        HandOverDue,
        NoticeAnswered,
        NoticeBounced,
        NoticeEscalated,
        NoticeSent,
        NoticeWithdrawn,
        RemovalVerified,
    }
)


def app(settings: Settings) -> Service:
    set_hour(settings.ladder_hour_seconds)
    origin, rhythm, submission = settings.origin(), settings.rhythm(), Submission(settings.server())
    reports = api(settings, SystemClock())
    mail = Mail(submission.post, origin, settings.signatures())
    channels: dict[str, Channel] = {"mail": mail, "api": reports, "form": Form()}
    sender = Sender(
        channels=channels,
        rhythm=rhythm,
        instance=settings.instance,
        lease_s=settings.lease_seconds(),
        budget=settings.budget(),
        attempts=settings.smtp_attempts,
    )
    return Service(
        name="notifier",
        handles={
            ReviewDecided: partial(
                enqueue, channels=channels, message_id=origin.message_id, approvals=Approvals.of(settings)
            ),
            ContentChecked: partial(follow_up, rhythm=rhythm),
            CustodyNoted: forget,
            HandedOver: partial(handed_over, rhythm=rhythm),
            NoticesStopped: stopped,
        },
        publishes=PUBLISHES,
        resources=(submission, reports),
        tasks={
            "sender": sender.run,
            "overdue checks": keep_asking,
            "ladder": timer.run,
            "reconciliation": nightly.run,
            "reports": Follower(reports).run,
            "forms": keep_handing,
            **inbox.tasks(settings.mailbox(), settings.reading(), settings.instance, settings.imap_poll_seconds),
        },
    )
