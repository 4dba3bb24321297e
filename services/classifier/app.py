"""The classifier: found content in, flagged content out."""

from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

from services.classifier.detector import Detector
from services.classifier.domain import Policy
from services.classifier.forgetting import forget_seen
from services.classifier.handlers import assess_batch, judge_again
from services.classifier.hashes.backwards import BackwardsMatching
from services.classifier.hashes.bank import HashBank
from services.classifier.hashes.submitted import list_submitted
from services.classifier.pictures.looker import PictureLooker
from services.classifier.risk.book import RuleBook
from services.classifier.risk.task import watch_rules
from services.classifier.settings import Settings
from services.classifier.text_thread import TextThread
from services.classifier.texts.text_model import TextModel
from shared.clock import SystemClock
from shared.database import Database
from shared.events import (
    AlertRaised,
    ContentFlagged,
    ContentFound,
    Event,
    HashListed,
    HashSubmitted,
    ModelPromoted,
    RulesChanged,
)
from shared.handling import Service

PUBLISHES: frozenset[type[Event]] = frozenset({AlertRaised, ContentFlagged, HashListed, ModelPromoted, RulesChanged})


def app(settings: Settings) -> Service:
    clock = SystemClock()
    database = Database(settings.database_url.get_secret_value(), "/haetae/classifier", clock)
    connections = AsyncExitStack()
    connections.push_async_callback(database.close)
    texts = TextThread(partial(TextModel.load, settings.text_model, settings.text_label))
    bank = HashBank(database, settings.hash_index)
    pictures = PictureLooker(settings, clock, texts.read)
    book = RuleBook(database, Policy(flag_from=settings.flag_from))
    seen_for = timedelta(days=settings.seen_days)
    detector = Detector(database, clock, texts, bank, pictures, book, seen_for)
    return Service(
        name="classifier",
        handles={HashSubmitted: list_submitted},
        batches={ContentFound: partial(assess_batch, detector=detector, clock=clock)},
        listens={HashListed: bank.heard, RulesChanged: book.heard},
        publishes=PUBLISHES,
        tasks={
            "rules": partial(watch_rules, book=book),
            "backwards": BackwardsMatching(bank, partial(judge_again, detector=detector)).run,
            "hash index": bank.look_after,
            "forgetting": partial(forget_seen, days=settings.seen_days),
        },
        resources=(connections, book, texts, bank, pictures),
    )
