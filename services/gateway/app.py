"""The gateway: what officials see, and the only place where a verdict is given."""

from functools import partial
from zoneinfo import ZoneInfo

from services.gateway.agencies.scoping import EVERYTHING
from services.gateway.alerts import take_up
from services.gateway.api import kept
from services.gateway.bridges import feed
from services.gateway.bridges.keeping import Keeping
from services.gateway.bridges.webhooks.sending import Sending
from services.gateway.care import house
from services.gateway.care.keeping import forget_in_time
from services.gateway.claims import tending
from services.gateway.deciding import finishing
from services.gateway.door.linking import unreached
from services.gateway.door.watching import Watch
from services.gateway.evidence.lines import note
from services.gateway.evidence.orders import done
from services.gateway.federation.dropping import end_in_time
from services.gateway.federation.house import federation_of
from services.gateway.federation.outcomes import Outcomes
from services.gateway.federation.own_hashes import Fallen, state_case
from services.gateway.federation.pulling import Pulling
from services.gateway.figures import publishing, rolling
from services.gateway.handlers import project
from services.gateway.pages_task import Pages
from services.gateway.settings import Settings
from services.gateway.stalled import watch
from services.gateway.tree import told
from services.gateway.tree.keys import history_key
from services.gateway.tree.tasks import Keeper
from shared.approvals import Approvals
from shared.clock import SystemClock
from shared.events import (
    CaseChanged,
    CaseListed,
    CasePlanned,
    ContentChecked,
    ContentFlagged,
    ContentReappeared,
    ConversationAlerted,
    CustodyNoted,
    Event,
    EvidenceFailed,
    EvidenceHandled,
    EvidenceOrderDone,
    EvidenceOrdered,
    EvidenceSealed,
    HandedOver,
    HandOverDue,
    HashListed,
    HashSubmitted,
    HashWithdrawn,
    ModelPromoted,
    NoticeAnswered,
    NoticeBounced,
    NoticeDrafted,
    NoticeEscalated,
    NoticeSent,
    NoticesStopped,
    NoticeWithdrawn,
    PageReported,
    PageUnreached,
    ReferralMade,
    RemovalVerified,
    ReviewDecided,
    RulesChanged,
    StatementDropped,
    StatementIssued,
    StatementTaken,
    TreeHeadSigned,
)
from shared.handling import Service
from shared.stamps import authorities
from shared.stamps.stamping import Stamping

TOLD_OF = (
    ContentFlagged,
    EvidenceSealed,
    EvidenceFailed,
    NoticeDrafted,
    NoticeSent,
    NoticeBounced,
    NoticeAnswered,
    NoticeEscalated,
    NoticeWithdrawn,
    CasePlanned,
    HandOverDue,
    ContentChecked,
    ContentReappeared,
    RemovalVerified,
)


PUBLISHES: frozenset[type[Event]] = frozenset(
    {
        CaseChanged,
        EvidenceHandled,
        EvidenceOrdered,
        HandedOver,
        HashSubmitted,
        HashWithdrawn,
        NoticesStopped,
        PageReported,
        ReferralMade,
        ReviewDecided,
        StatementDropped,
        StatementIssued,
        StatementTaken,
        TreeHeadSigned,
    }
)


def app(settings: Settings) -> Service:
    pages, approvals, federation = Pages(settings), Approvals.of(settings), federation_of(settings)
    # Before the pages are: tasks that count or forget begin with them.
    house.use(house.House(approvals.derived("care"), ZoneInfo(settings.gateway_timezone)))
    stamping = Stamping(authorities.read(settings.stamp_authorities_file), settings.stamp_seconds, SystemClock())
    keeper = Keeper(settings.history_name, history_key(settings.history_key), stamping)
    return Service(
        name="gateway",
        handles={
            **dict.fromkeys(TOLD_OF, partial(project, approvals=approvals)),
            ConversationAlerted: take_up,
            CustodyNoted: note,
            EvidenceOrderDone: done,
            RulesChanged: told.rules_changed,
            ModelPromoted: told.model_promoted,
            HashListed: told.bank_changed,
            PageUnreached: unreached,
            CaseListed: partial(state_case, house=federation),
            **dict.fromkeys(feed.PUBLIC, feed.take),
        },
        publishes=PUBLISHES,
        tasks={
            "pages": pages.serve,
            "care": forget_in_time,
            "kept answers": kept.forget_in_time,
            "figures": rolling.keep,
            "public figures": publishing.keep,
            "public events": Keeping(settings.public_events_days).run,
            "webhooks": Sending(settings).run,
            "statements over": end_in_time,
            "federation": Pulling(settings, federation).run,
            "statements fallen": Fallen(federation).run,
            "outcomes": Outcomes(federation).run,
            "door": Watch(settings.house()).run,
            "stalled cases": watch,
            "queue": tending.watch,
            "verdicts": partial(finishing.watch, approvals=approvals),
            "history": keeper.grow,
            "history stamps": keeper.stamp,
            "history checks": keeper.check,
            "history partitions": keeper.partition,
        },
        checks={"pages": pages.ready},
        database_settings=EVERYTHING,
    )
