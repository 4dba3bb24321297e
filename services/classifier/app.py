"""The classifier: found content in, flagged content out."""

from functools import partial

from services.classifier.detector import Detector
from services.classifier.domain import Policy
from services.classifier.handlers import assess_batch
from services.classifier.settings import Settings
from shared.clock import SystemClock
from shared.database import Database
from shared.events import AlertRaised, ContentFlagged, ContentFound, Event, HashListed, ModelPromoted, RulesChanged
from shared.handling import Service

PUBLISHES: frozenset[type[Event]] = frozenset({AlertRaised, ContentFlagged, HashListed, ModelPromoted, RulesChanged})


def app(settings: Settings) -> Service:
    database = Database(settings.database_url.get_secret_value(), "/haetae/classifier")
    detector = Detector(database, settings.text_model, settings.text_label, Policy(settings.flag_from))
    return Service(
        name="classifier",
        batches={ContentFound: partial(assess_batch, detector=detector, clock=SystemClock())},
        listens={HashListed: detector.list},
        publishes=PUBLISHES,
        resources=(detector,),
    )
