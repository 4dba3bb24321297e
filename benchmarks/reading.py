"""Reading a page: CPU-ms from bytes to links, text, pictures and the rest, beside what others use.

`DATA=FOLDER python -m benchmarks reading` reads real saved pages (see `benchmarks.saved.pages` for the layout) and also
says how well: precision and recall of the text beside trafilatura's where the folder holds what people expect, and of
the links against all that lxml sees. Without it, generated pages of 55 KB are read, and only the cost is told.

Ours reads more than the peers do: see `benchmarks.saved.ways`. The floor is the bare parser.
"""

import gc
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from benchmarks.harness import Figure, alone
from benchmarks.saved import ways
from benchmarks.saved.likeness import averaged, of_sets, of_texts
from benchmarks.saved.pages import Saved, load
from benchmarks.web.pages import Web, page

ROUNDS, QUICK_ROUNDS = 7, 2
GENERATED = 20  # pages
TEXTS = {
    "ours": ways.our_text,
    "trafilatura": ways.trafilatura_text,
    "trafilatura_without_comments": ways.trafilatura_article,
    "everything": ways.whole_text,
}


def measure(quick: bool, home: Path) -> Figure:
    del home  # nothing is kept
    folder = os.environ.get("DATA")
    pages = load(Path(folder)) if folder else _generated()
    costs = _costs([page.body for page in pages], QUICK_ROUNDS if quick else ROUNDS)
    floor = costs.pop("lexbor")
    return Figure(
        name="reading",
        unit="CPU-ms a page, median of the pages, best of the rounds",
        ours=costs.pop("ours"),
        peers=costs,
        floor=floor,
        lower_is_better=True,
        bound_by="one Python step for each link and each post; the parser itself takes a sixth",
        detail={
            "pages": len(pages),
            "median_kb": round(median(len(page.body) for page in pages) / 1024, 1),
            "real": bool(folder),
            **(_quality(pages) if folder else {"text": "give DATA=FOLDER of saved pages for precision and recall"}),
        },
        against="trafilatura",
        ratios={"ratio_parsel": "parsel", "ratio_lxml": "lxml"},
    )


def _quality(pages: Sequence[Saved]) -> dict[str, object]:
    expected = [(page.body, ways.whole_text(page.expected)) for page in pages if page.expected is not None]
    text = {name: averaged([of_texts(way(body), wanted) for body, wanted in expected]) for name, way in TEXTS.items()}
    links = averaged([of_sets(ways.our_links(page.body), ways.lxml_links(page.body)) for page in pages])
    return {"pages_with_expected_text": len(expected), "text": text if expected else {}, "links": links}


def _costs(bodies: Sequence[bytes], rounds: int) -> dict[str, float]:
    """Rounds of all ways alternate, since the machine's speed does."""
    readers = {"ours": ways.read_ours, **ways.READERS}
    best: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(rounds):
        for name, read in readers.items():
            seen = [_timed(read, body) for body in bodies]
            best[name] = list(map(min, best[name] or seen, seen))
    return {name: round(median(seen) * 1e3, 3) for name, seen in best.items()}


def _timed(read: Callable[[bytes], object], body: bytes) -> float:
    gc.disable()  # its passes would fall on whoever is measured just then
    begun = time.process_time()
    read(body)
    taken = time.process_time() - begun
    gc.enable()
    return taken


def _generated() -> list[Saved]:
    web = Web(hosts=1, pages=GENERATED)
    return [Saved(str(number), page(number, web).encode(), None) for number in range(GENERATED)]


if __name__ == "__main__":
    alone(measure)
