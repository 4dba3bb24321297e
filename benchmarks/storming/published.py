"""The storm's curves: as a picture for people, as numbers for programs."""

import json
from dataclasses import astuple, fields
from pathlib import Path

from benchmarks.harness import Figure, machine
from benchmarks.nationwide.drawing import Panel, drawn
from benchmarks.storming.curve import Curve, Moment


def publish(fixed: Curve, scaled: Curve, figure: Figure, folder: Path) -> None:
    """`scaling.svg` and `scaling.json` in `folder`."""
    longest = max(scaled.moments[-1].at, fixed.moments[-1].at)
    waiting = [
        (name, [(moment.at, moment.arrived - moment.done) for moment in curve.moments])
        for name, curve in (("by the rule", scaled), ("one process", fixed))
    ]
    processes = [
        ("asked for", [(moment.at, moment.pods) for moment in scaled.moments]),
        ("ready", [(moment.at, moment.reading) for moment in scaled.moments]),
    ]
    panels = [Panel("findings not sealed yet", waiting), Panel("processes, by the rule", processes, stepped=True)]
    where = f"{machine().split(',')[0]}, load {figure.detail['load_before']} before"
    title = f"A storm of {figure.detail['findings']} findings, lived through ({where})"
    folder.mkdir(exist_ok=True)
    (folder / "scaling.svg").write_text(drawn(title, "seconds", panels, longest))
    curves = {
        name: [astuple(moment) for moment in curve.moments]
        for name, curve in (("scaled", scaled), ("one_process", fixed))
    }
    told = {"figure": json.loads(figure.line()), "columns": [field.name for field in fields(Moment)], **curves}
    (folder / "scaling.json").write_text(json.dumps(told) + "\n")
