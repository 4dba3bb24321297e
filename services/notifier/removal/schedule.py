"""The check schedule as a setting: `3600,18000,64800,86400x30,604800`."""

import re

MAX_STEPS = 10_000
STEP = re.compile(r"(\d+(?:\.\d+)?)(?:x(\d{1,4}))?")


def parse_schedule(text: str) -> tuple[float, ...]:
    """Waits in seconds; `86400x30` is thirty waits of a day. Raises `ValueError` naming the wrong step and the cure."""
    waits: list[float] = []
    for step in text.split(","):
        found = STEP.fullmatch(step.strip())
        if not found or float(found[1]) <= 0 or found[2] == "0":
            raise ValueError(f"{step.strip()!r} is no step: write SECONDS or SECONDSxTIMES, as in 3600,86400x30,604800")
        waits += [float(found[1])] * int(found[2] or 1)
    if len(waits) > MAX_STEPS:
        raise ValueError(f"{len(waits)} steps; at most {MAX_STEPS}: the last one repeats by itself")
    return tuple(waits)
