"""What a run says of its bundle."""

import io
from pathlib import Path

from rich.console import Console

from haetae.live import report
from haetae.proof import Bundle
from haetae.summary import summarise

PATH = Path("run/case.haetae.zip")


def told(bundle):
    said = io.StringIO()
    Console(width=200, file=said).print(report(summarise([], [], []), {}, bundle))
    return said.getvalue()


def test_a_bundle_that_the_verifier_does_not_accept_is_a_failure_of_the_run():
    assert "✗ no bundle of http://a.test/: seal.json is missing" in told(
        Bundle(PATH, "http://a.test/", "seal.json is missing")
    )


def test_one_that_it_accepts_is_said_with_the_way_to_check_it():
    made = Bundle(PATH, "http://a.test/")
    assert "which the verifier accepts" in told(made)
    assert "✗" not in told(made)
    assert made.command.endswith("python -m haetae_verify run/case.haetae.zip")
