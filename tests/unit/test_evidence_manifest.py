"""The manifest: one form of bytes, every file by its digest, no content of the page."""

import json
from datetime import timedelta

import rfc8785

from haetae_verify.canonical import digest, moment
from services.evidence.capture.captured import Captured
from services.evidence.capture.work import Made, StepDone
from services.evidence.domain import File
from services.evidence.seal.manifest import FULL, HASH_ONLY, manifest
from shared.events.values import Match, Reason
from tests.support.captures import AT, flagged
from tests.support.pages import picture

URL = "http://harbour-board.en.test/post/41"
WORDS = "The lantern parcel waits."
PICTURES = [{"number": 1, "url": URL + ".jpg", "sha256": "0" * 64}]
DONE_AT = AT + timedelta(seconds=1)
CAPTURED = Captured(
    AT,
    DONE_AT,
    (
        StepDone("render", AT, DONE_AT, Made((File("text.txt", WORDS.encode(), "text/plain"),), {"height": 800})),
        StepDone("tls", AT, DONE_AT, Made(), "the server speaks no TLS"),
        StepDone("media", AT, DONE_AT, Made((File("picture-1.jpg", picture(), "image/jpeg"),), {"pictures": PICTURES})),
    ),
)


def event():
    made = flagged(URL, (URL + ".jpg", picture()))
    reasons = (Reason(code="cue", text=WORDS, weight=0.4567, values={"cue": WORDS}),)
    matches = (
        Match(picture_url=URL, bank="b", entry="e", algorithm="pdq", distance=7, variant="mirrored", second=None),
    )
    told = made.assessment.model_copy(update={"reasons": reasons, "matches": matches})
    return made.model_copy(update={"assessment": told})


def read(mode):
    data = manifest(event(), CAPTURED, mode, "Haetae 0")
    assert rfc8785.dumps(json.loads(data)) == data
    assert WORDS.encode() not in data
    return json.loads(data)


def test_it_lists_every_file_of_every_step_by_name():
    made = read(FULL)
    names = ["picture-1.jpg", "step-media.json", "step-render.json", "step-tls.json", "text.txt"]
    assert [item["name"] for item in made["objects"]] == names
    for file in CAPTURED.files:
        (item,) = (one for one in made["objects"] if one["name"] == file.name)
        assert item == {
            "name": file.name,
            "sha256": digest(file.data),
            "bytes": len(file.data),
            "media_type": file.media_type,
            "kept": True,
        }


def test_it_says_what_was_done_and_what_could_not_be():
    made = read(FULL)
    assert (made["started_at"], made["finished_at"]) == (moment(AT), moment(DONE_AT))
    assert [(step["name"], step["outcome"], step["object"]) for step in made["steps"]] == [
        ("render", "done", "step-render.json"),
        ("tls", "failed", "step-tls.json"),
        ("media", "done", "step-media.json"),
    ]
    assert made["steps"][1]["failure"] == "the server speaks no TLS"
    assert made["pictures"] == PICTURES


def test_why_it_became_a_case_is_told_in_codes():
    told = read(FULL)["assessed"]
    assert told["reasons"] == [{"code": "cue", "weight_permille": 457}]
    assert told["matches"] == [{"algorithm": "pdq", "distance": 7, "variant": "mirrored"}]


def test_hash_only_keeps_what_holds_no_content():
    made = read(HASH_ONLY)
    assert made["mode"] == HASH_ONLY
    assert {item["name"] for item in made["objects"] if item["kept"]} == {
        "step-media.json",
        "step-render.json",
        "step-tls.json",
    }
