"""What a capture consists of. A further step: a file in `steps/`, and its line here."""

from services.evidence.capture.steps.archive import archive
from services.evidence.capture.steps.compare import compare
from services.evidence.capture.steps.conditions import conditions
from services.evidence.capture.steps.dns import dns
from services.evidence.capture.steps.document import document
from services.evidence.capture.steps.elsewhere import elsewhere
from services.evidence.capture.steps.layout import layout
from services.evidence.capture.steps.media import media
from services.evidence.capture.steps.rdap import rdap
from services.evidence.capture.steps.render import render
from services.evidence.capture.steps.requests import requests
from services.evidence.capture.steps.screenshots import screenshots
from services.evidence.capture.steps.second import second
from services.evidence.capture.steps.shown import shown
from services.evidence.capture.steps.tls import tls
from services.evidence.capture.steps.traces import traces
from services.evidence.capture.work import Step

ASKING_S = 15.0  # steps that ask somebody give up sooner, each at its own time
MEDIA_S = 60.0  # a few large videos; what is not there by then is missing
MAKING_S = 20.0  # work on what is there: tens of milliseconds, on a busy machine a few seconds

PLAN = (
    Step("document", document, 1, essential=True),
    Step("render", render, 2, essential=True),
    Step("second", second, 2, seconds=ASKING_S),
    Step("tls", tls, 2, seconds=ASKING_S),
    Step("dns", dns, 2, seconds=ASKING_S),
    Step("rdap", rdap, 2, seconds=ASKING_S),
    Step("screenshots", screenshots, 3, seconds=MAKING_S),
    Step("layout", layout, 3, seconds=MAKING_S),
    Step("media", media, 3, seconds=MEDIA_S),
    Step("elsewhere", elsewhere, 3, seconds=ASKING_S),
    Step("traces", traces, 3, seconds=ASKING_S),
    Step("shown", shown, 4, essential=True),
    Step("compare", compare, 5, seconds=MAKING_S),
    Step("archive", archive, 5, seconds=MAKING_S),
    Step("conditions", conditions, 5, seconds=ASKING_S),
    Step("requests", requests, 5),
)
