"""The drafter: sealed evidence in, report and notices out."""

from functools import partial

from services.drafter.contacts import measured, stated
from services.drafter.handlers import polish, report_failure, write, write_round
from services.drafter.office import Office
from services.drafter.settings import Settings
from shared.events import (
    EvidenceFailed,
    EvidenceSealed,
    FollowUpAsked,
    NoticeAnswered,
    NoticeDrafted,
    NoticeSent,
    RemovalVerified,
    StatementDropped,
    StatementTaken,
)
from shared.handling import Prepared, Service


def app(settings: Settings) -> Service:
    office = Office.open(
        settings.agency(), settings.report_language, settings.laws_file, settings.contacts_file, settings.templates_dir
    )
    return Service(
        name="drafter",
        handles={
            EvidenceSealed: Prepared(
                prepare=partial(polish, office=office, polisher=settings.polisher()),
                record=partial(write, office=office),
            ),
            EvidenceFailed: partial(report_failure, office=office),
            FollowUpAsked: partial(write_round, office=office),
            NoticeSent: measured.sent,
            NoticeAnswered: measured.answered,
            RemovalVerified: measured.removed,
            StatementTaken: stated.take,
            StatementDropped: stated.drop,
        },
        publishes=frozenset({NoticeDrafted}),
    )
