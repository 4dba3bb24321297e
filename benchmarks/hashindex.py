"""The hash index: queries a second on one core at one and ten million hashes, beside faiss and the index of the
ThreatExchange library, in one run; and an own bank of one million at wide thresholds.

Each takes part in a process of its own. Recall is counted twice: of the row from which each query was made, and of what
faiss found by comparing all.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from benchmarks.harness import Figure, alone
from benchmarks.indexes.contest import POOL, Index, Outcome, Task, run
from benchmarks.indexes.contest import alone as in_process
from benchmarks.indexes.contestants import Flat, Ours, ThreatExchange
from benchmarks.indexes.corpus import Corpus
from benchmarks.indexes.soak import soak

SIZES, QUICK_SIZES = (1_000_000, 10_000_000), (200_000, 1_000_000)
WITHIN = 31  # as PDQ is matched everywhere
OWN_ROWS, QUICK_OWN_ROWS = 1_000_000, 200_000
OWN_WITHIN = (60, 70)
COMPARED = 128  # queries of the pool for the peers: some seconds' work
SOAK, QUICK_SOAK = (1_000_000, 1_000_000, 1_000), (200_000, 50_000, 100)  # rows, queries, updates

Outcomes = dict[str, Outcome]
PEERS: Mapping[str, Callable[[int], Index]] = {"faiss flat": Flat, "ThreatExchange (faiss MultiHash)": ThreatExchange}


def measure(quick: bool, _: Path) -> Figure:
    detail: dict[str, object] = {}
    for rows in QUICK_SIZES if quick else SIZES:
        outcomes = _contest(rows, WITHIN, PEERS)
        detail[f"{rows:,} rows within {WITHIN}"] = _shown(outcomes)
    pictures = in_process(run, Ours, Task(Corpus(rows, pictures=True), WITHIN, POOL))
    detail[f"{rows:,} rows like pictures within {WITHIN}"] = pictures.shown()
    for within in OWN_WITHIN:
        own = _contest(QUICK_OWN_ROWS if quick else OWN_ROWS, within, {"faiss flat": Flat})
        detail[f"own bank within {within}"] = _shown(own)
    detail["memory over time"] = asdict(in_process(soak, *(QUICK_SOAK if quick else SOAK)))
    return Figure(
        name=f"hashindex, {rows:,} rows within {WITHIN} bits",
        unit="queries/s a core",
        ours=round(outcomes["ours"].per_s, 1),
        peers={name: round(outcome.per_s, 1) for name, outcome in outcomes.items() if name != "ours"},
        floor=None,
        lower_is_better=False,
        bound_by="looks at main memory: two for each candidate (3,300 of ten million rows), one for each value (2,800)",
        detail=detail,
    )


def _contest(rows: int, within: int, peers: Mapping[str, Callable[[int], Index]]) -> Outcomes:
    outcomes = {"ours": in_process(run, Ours, Task(Corpus(rows), within, POOL))}
    for name, maker in peers.items():
        try:
            outcomes[name] = in_process(run, maker, Task(Corpus(rows), within, COMPARED))
        except ImportError as error:
            print(f"{name} is left out: {error}; `make bench` installs it")
    return outcomes


def _shown(outcomes: Outcomes) -> dict[str, object]:
    """With the recall of what faiss found by comparing all, where it took part."""
    shown: dict[str, object] = {name: outcome.shown() for name, outcome in outcomes.items()}
    if "faiss flat" in outcomes:
        exact = outcomes["faiss flat"].found
        shown["recall of comparing all"] = {
            name: round(len(outcome.found & exact) / len(exact), 4) for name, outcome in outcomes.items()
        }
    return shown


if __name__ == "__main__":
    alone(measure)
