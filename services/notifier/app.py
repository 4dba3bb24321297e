"""The notifier: approvals out as mails, removal checks until the content is gone."""

from functools import partial

from services.notifier.checks import keep_asking
from services.notifier.handlers import enqueue, follow_up
from services.notifier.sender import Sender
from services.notifier.settings import Settings
from shared.approvals import Approvals
from shared.events import (
    CheckRequested,
    ContentChecked,
    NoticeBounced,
    NoticeSent,
    RemovalVerified,
    ReviewDecided,
)
from shared.handling import Service


def app(settings: Settings) -> Service:
    origin, rhythm = settings.origin(), settings.rhythm()
    sender = Sender(
        post=settings.server().post,
        origin=origin,
        rhythm=rhythm,
        instance=settings.instance,
        lease_s=settings.lease_seconds(),
        gap_s=settings.recipient_gap_seconds,
        attempts=settings.smtp_attempts,
    )
    return Service(
        name="notifier",
        handles={
            ReviewDecided: partial(enqueue, origin=origin, approvals=Approvals(settings.approval_key)),
            ContentChecked: partial(follow_up, rhythm=rhythm),
        },
        publishes=frozenset({NoticeSent, NoticeBounced, CheckRequested, RemovalVerified}),
        tasks={"sender": sender.run, "overdue checks": keep_asking},
    )
