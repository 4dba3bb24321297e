"""`docs/benchmarks.md`, its plots and the README's table, from the kept lines alone. Pure but for `write`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.recorded.drawing import Bar, drawn
from benchmarks.recorded.kept import FOLDER, Kept, all_kept
from benchmarks.recorded.sentences import placed
from benchmarks.recorded.subjects import ROOT, SUBJECTS, changed_since
from benchmarks.recorded.tables import TABLES
from benchmarks.recorded.words import cell, lasting, named, number, times

PAGE, README = ROOT / "docs/benchmarks.md", ROOT / "README.md"
MARK = re.compile(r" \(measured before [^)]*\)")
HEAD = """# Benchmarks

Written by `make bench` from what it measured: `{folder}` has each benchmark's own line, with all that it saw.
`python -m benchmarks page` writes this page, and the README's table, again from these. Every peer did the same work on
the same machine in the same run; a *ratio* says how many times better ours is, so above 1 is better whatever the unit.
The *floor* is the bare operation without our parts.

`make bench` runs all, `make bench NAME=…` one, `QUICK=1` for a rougher figure within a minute or two, `RECORD=1` to
keep such a line, or that of one, here. The lines below took {took}. `reading` needs `DATA=FOLDER` of saved pages to be
run with the others. A line is marked *measured before* a commit when that changed what it measures.
"""
MISSING = "Not measured yet: {names}."


def page(kept: Mapping[str, Kept], marks: Mapping[str, str]) -> str:
    """`marks`: by name, the commit before which it was measured."""
    missing = [f"`{name}`" for name in SUBJECTS if name not in kept]
    took = lasting(sum(one.took_s for one in kept.values())) if kept else "no time: there are none"
    parts = [
        HEAD.format(folder=FOLDER.relative_to(ROOT), took=took),
        *([MISSING.format(names=", ".join(missing)) + "\n"] if missing else []),
        *([_with_what(kept), _glance(kept), _bounds(kept)] if kept else []),
        *(made for table in TABLES if (made := table({name: one.line["detail"] for name, one in kept.items()}))),
        *(_section(name, one, marks.get(name, "")) for name, one in kept.items()),
    ]
    return "\n".join(parts)


def pictures(kept: Mapping[str, Kept]) -> dict[str, str]:
    """By file name."""
    return {f"{name}.svg": drawn(cell(one.line["unit"]), list(_bars(one.line))) for name, one in kept.items()}


def unmarked(text: str) -> str:
    """Without what the history adds."""
    return MARK.sub("", text)


def write(path: Path = PAGE, folder: Path = FOLDER, readme: Path = README) -> None:
    kept = all_kept(folder)
    marks = {name: commit for name, one in kept.items() if (commit := changed_since(one.commit, name))}
    made = pictures(kept)
    path.write_text(page(kept, marks))
    readme.write_text(placed(readme.read_text(), kept))
    for old in folder.glob("*.svg"):
        if old.name not in made:
            old.unlink()
    for name, picture in made.items():
        (folder / name).write_text(picture)


def _with_what(kept: Mapping[str, Kept]) -> str:
    machines = _distinct(one.line["machine"] for one in kept.values())
    names = _distinct(name for one in kept.values() for name in one.versions)
    rows = [f"| machine | {'; '.join(machines)} |"]
    rows += [f"| {name} | {', '.join(_distinct(one.versions.get(name) for one in kept.values()))} |" for name in names]
    return "\n".join(["| measured with | |", "|---|---|", *rows, ""])


def _distinct(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _glance(kept: Mapping[str, Kept]) -> str:
    rows = [
        f"| [{SUBJECTS[name].title}](#{name}) | {number(one.line['ours'])} {cell(one.line['unit'])} "
        f"| {_ratio(one.line)} | {number(one.line['floor_ratio'])} | {lasting(one.took_s)} |"
        for name, one in kept.items()
    ]
    head = ["## At a glance", "", "| | ours | ratio | to the floor | took |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _bounds(kept: Mapping[str, Kept]) -> str:
    rows = [
        f"| {SUBJECTS[name].stage} | {SUBJECTS[name].title} | {cell(one.line['bound_by'])} |"
        for name, one in kept.items()
    ]
    return "\n".join(["## What bounds each stage", "", "| stage | | bound by |", "|---|---|---|", *rows, ""])


def _section(name: str, one: Kept, mark: str) -> str:
    subject, line = SUBJECTS[name], one.line
    before = f" (measured before `{mark}`)" if mark else ""
    rough = ", `QUICK=1`" if one.quick else ""
    said = "; ".join(f"{bar.name} {number(bar.value)}" for bar in _bars(line))
    further = [f"| {named(key)} | {number(value)} |" for key, value in line.items() if key.startswith("ratio_")]
    table = ["| further ratios | |", "|---|---|", *further, ""] if further else []
    return "\n".join(
        [
            f'## <a id="{name}"></a>{subject.title}',
            "",
            f"![{cell(line['unit'])}: {said}](figures/bench/{name}.svg)",
            "",
            *table,
            f"`make bench NAME={name}`{rough}, in {lasting(one.took_s)} at `{one.commit}`{before}; "
            f"[all that it saw](figures/bench/{name}.json).",
            "",
        ]
    )


def _ratio(line: Mapping[str, Any]) -> str:
    return times(line["ratio"], _peer(line))


def _peer(line: Mapping[str, Any]) -> str:
    """The one that `ratio` is to."""
    if line["against"]:
        return named(line["against"])
    choose = min if line["lower_is_better"] else max
    return named(choose(line["peers"], key=line["peers"].__getitem__)) if line["peers"] else ""


def _bars(line: Mapping[str, Any]) -> Iterator[Bar]:
    yield Bar("ours", line["ours"], "ours")
    yield from (Bar(named(name), value, "peer") for name, value in line["peers"].items())
    if line["floor"] is not None:
        yield Bar("floor", line["floor"], "floor")
