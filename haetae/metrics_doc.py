"""`docs/metrics.md`, from what every service counts: `python -m haetae.metrics_doc FILE`."""

import sys
from pathlib import Path

from shared.metrics import Metrics

HEAD = """# Metrics

Written by `make docs` from `shared/metrics.py`. Every service tells them at `/metrics` of its ops port; counters end
in `_total` there. Beside these, each process tells its memory, processor time and open files (`process_*`, on Linux).
What is promised by them, and who is called: [slo](slo.md).

`/livez` and `/readyz` are at the same port. `/livez` fails when a poll loop or the outbox relay has not turned for a
minute; tasks may work for longer on one thing and are told by `haetae_loop_idle_seconds` alone; one that ends, ends the
service.

| metric | kind | labels | meaning |
|---|---|---|---|
"""


def page() -> str:
    rows = [
        f"| `{one._name}` | {one._type} | {', '.join(one._labelnames)} | {one._documentation} |"
        for name, one in vars(Metrics()).items()
        if name != "registry"
    ]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
