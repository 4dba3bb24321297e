"""How the browser cuts and turns a picture: written by `make docs` from what the classifier stores of one."""

import json
import sys
from pathlib import Path

from shared.prints.alterations import CUTS, TURNS

WHITE = 255


def page() -> str:
    """By the variant's name: `cut`, or `degrees` with the brightness of free `corners` (null: they are cut away)."""
    alterations: dict[str, dict[str, object]] = {name: {"cut": cut} for name, cut in CUTS.items()}
    for name, degrees in TURNS.items():
        alterations[name] = {"degrees": degrees, "corners": 0}
        alterations[f"{name}-on-white"] = {"degrees": degrees, "corners": WHITE}
        alterations[f"{name}-cropped"] = {"degrees": degrees, "corners": None}
    return json.dumps(alterations, separators=(",", ":")).replace("},", "},\n") + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
