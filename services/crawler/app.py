"""The crawler: what is due in, what was seen out; and removal checks for whoever asks."""

from uuid import uuid4

from services.crawler.frontier.fetching import Fetching
from services.crawler.frontier.housekeeping import keep_house
from services.crawler.frontier.scheduler import Scheduler
from services.crawler.handlers import keep_check, keep_report
from services.crawler.settings import Settings
from shared.clock import SystemClock
from shared.database import Database
from shared.events import (
    CheckRequested,
    ContentChecked,
    ContentFound,
    ConversationObserved,
    CrawlDue,
    PageReported,
    PageUnreached,
)
from shared.handling import Service


def app(settings: Settings) -> Service:
    clock = SystemClock()
    database = Database(settings.database_url.get_secret_value(), "/haetae/crawler", clock)
    fetching = Fetching(settings, database, clock, uuid4())
    return Service(
        name="crawler",
        handles={CheckRequested: keep_check, PageReported: keep_report},
        batches={CrawlDue: fetching.take},
        publishes=frozenset({CrawlDue, ContentFound, ContentChecked, ConversationObserved, PageUnreached}),
        tasks={
            "scheduler": Scheduler(fetching.changed).run,
            "recorder": fetching.run,
            "leases": fetching.tend,
            "housekeeper": keep_house,
        },
        resources=(fetching,),
    )
