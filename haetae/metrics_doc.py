"""`docs/metrics.md`, from what every service counts: `python -m haetae.metrics_doc FILE`."""

import sys
from pathlib import Path

from shared.metrics import Metrics

HEAD = """# Metrics

Written by `make docs` from `shared/metrics.py`. Every service tells them at `/metrics` of its ops port; counters end in
`_total` there. `/livez` and `/readyz` are beside it.

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
