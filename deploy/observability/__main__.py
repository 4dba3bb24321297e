"""`python -m deploy.observability`: write rules/slos.yaml, dashboards/*.json and the table of docs/slo.md."""

import re
from pathlib import Path

import yaml

from deploy.observability import boards, slos
from deploy.observability.expressions import DASHBOARDS, RULES
from deploy.observability.panels import rendered

PAGE = Path(__file__).parents[2] / "docs" / "slo.md"
MARKS = re.compile(r"(<!-- objectives -->\n).*?(<!-- end -->)", re.DOTALL)
MADE = "# Made from slos.toml by `make observability`.\n"
WIDTH = 118


def written() -> dict[Path, str]:
    """Every file that is made, with what belongs into it."""
    objectives = slos.read()
    every = [*boards.read(), boards.promises(objectives)]
    made = {DASHBOARDS / f"{board.uid}.json": rendered(board) for board in every}
    made[RULES / "slos.yaml"] = MADE + yaml.safe_dump(slos.rules(objectives), sort_keys=False, width=WIDTH)
    table = slos.table(objectives)
    made[PAGE] = MARKS.sub(lambda found: found[1] + table + found[2], PAGE.read_text())
    return made


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text)
