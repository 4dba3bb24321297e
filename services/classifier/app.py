"""The classifier: found content in, flagged content out."""

from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from random import Random

from services.classifier.conversations.watch import ConversationWatch
from services.classifier.detector import Detector
from services.classifier.domain import Policy
from services.classifier.forgetting import forget_seen
from services.classifier.handlers import assess_batch, judge_again
from services.classifier.hashes.backwards import BackwardsMatching
from services.classifier.hashes.bank import HashBank
from services.classifier.hashes.cases import list_case
from services.classifier.hashes.stated import drop_stated, list_stated
from services.classifier.hashes.submitted import list_submitted, take_back
from services.classifier.learning.examples import label
from services.classifier.learning.learner import Learner
from services.classifier.learning.live import LiveModels
from services.classifier.learning.sampling import Sampler
from services.classifier.lessons import Lessons
from services.classifier.pictures.looker import PictureLooker
from services.classifier.risk.book import RuleBook
from services.classifier.risk.task import watch_rules
from services.classifier.settings import Settings
from services.classifier.text_thread import TextThread
from services.classifier.texts.reader import TextReader
from shared.clock import SystemClock
from shared.database import Database
from shared.events import (
    AlertRaised,
    CaseHashed,
    CaseListed,
    ContentFlagged,
    ContentFound,
    ConversationAlerted,
    ConversationObserved,
    Event,
    HashListed,
    HashSubmitted,
    HashWithdrawn,
    ModelPromoted,
    ReviewDecided,
    RulesChanged,
    StatementDropped,
    StatementTaken,
)
from shared.handling import Service

PUBLISHES: frozenset[type[Event]] = frozenset(
    {AlertRaised, CaseListed, ContentFlagged, ConversationAlerted, HashListed, ModelPromoted, RulesChanged}
)


def app(settings: Settings) -> Service:
    clock = SystemClock()
    database = Database(settings.database_url.get_secret_value(), "/haetae/classifier", clock)
    connections = AsyncExitStack()
    connections.push_async_callback(database.close)
    texts = TextThread(
        partial(
            TextReader.load, settings.text_model, settings.text_label, settings.embedding_model, settings.lexicon, clock
        )
    )
    bank = HashBank(database, settings.hash_index)
    pictures = PictureLooker(settings, clock, texts.read)
    book = RuleBook(database, Policy(flag_from=settings.flag_from))
    watch = ConversationWatch(database, settings, settings.embedding_model)
    seen_for = timedelta(days=settings.seen_days)
    live = LiveModels(database, texts, settings.text_model, settings.canary_share)
    learner = Learner(live, settings.text_model, settings)
    lessons = Lessons(texts, Sampler(Random()), settings.learning_looks_a_day)
    detector = Detector(database, clock, texts, bank, pictures, book, lessons, seen_for, absent(settings))
    return Service(
        name="classifier",
        handles={
            HashSubmitted: list_submitted,
            HashWithdrawn: take_back,
            CaseHashed: list_case,
            ReviewDecided: label,
            StatementTaken: list_stated,
            StatementDropped: drop_stated,
        },
        batches={
            ContentFound: partial(assess_batch, detector=detector, database=database, clock=clock),
            ConversationObserved: watch.observe,
        },
        listens={HashListed: bank.heard, RulesChanged: book.heard, ModelPromoted: live.heard},
        publishes=PUBLISHES,
        tasks={
            "rules": partial(watch_rules, book=book),
            "backwards": BackwardsMatching(bank, partial(judge_again, detector=detector)).run,
            "hash index": bank.look_after,
            "forgetting": partial(forget_seen, days=settings.seen_days),
            "conversations": watch.forget,
            "learning": learner.work,
        },
        resources=(connections, book, texts, live, learner, bank, pictures, watch),
    )


def absent(settings: Settings) -> list[str]:
    """Optional detectors that are not configured."""
    optional = {
        "embedding": settings.embedding_model,
        "pictures": settings.picture_model,
        "picture_text": settings.tessdata,
        "synthetic": settings.synthetic_model,
        "minor": settings.minor_model,
    }
    return [name for name, configured in optional.items() if not configured]
