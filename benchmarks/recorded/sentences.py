"""What the README says of each kept line: its table of what was measured is written from here, and by nobody. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.recorded.kept import Kept
from benchmarks.recorded.words import cell, number

BEGIN, END = "<!-- python -m benchmarks page -->\n", "<!-- /page -->"
PLACE = re.compile(f"(?<={BEGIN}).*?(?={END})", re.S)


@dataclass(frozen=True)
class Row:
    """`told`: a template of `str.format`, over the line (`ours`, `peers`, `floor`, `ratio`, `bound_by`), its `detail`
    as `seen`, and `times`: how many times better ours is than each peer. `data`: measured with DATA=FOLDER."""

    what: str
    told: str
    data: bool = False


ROWS = {
    "crawl": Row(
        "A page crawled: scheduled, fetched, read, told, written down",
        "{ours} ms of CPU, {seen[pages_per_s][ours]} pages/s on one core; Scrapy as it comes needs {times[scrapy]} "
        "times as much, Crawlee {times[crawlee_parsel]} times. A page costs {seen[dearer_with_more_known_urls]} with a "
        "million known addresses instead of a thousand, {seen[dearer_with_more_hosts]} with 20,000 hosts instead of a "
        "hundred",
    ),
    "sweep": Row(
        "The front pages of many hosts, politely",
        "{seen[hosts]} in {seen[wall_s]} s, {seen[missed]} missed, no host asked twice within {seen[smallest_gap_s]} s",
    ),
    "reading": Row(
        "Text of real saved pages",
        "F1 {seen[text][ours][f1]}, trafilatura {seen[text][trafilatura][f1]}; {ours} ms of CPU a page, of which "
        "trafilatura needs {times[trafilatura]} times as much",
        data=True,
    ),
    "hashing": Row(
        "Changed photographs found again",
        "{ours:.0%} over 40 kinds of change, {seen[false_matches]} false matches among {seen[pairs]} pairs; PDQ alone "
        "{peers[PDQ alone, 31 bits]:.0%}, pHash {peers[pHash alone]:.0%}",
    ),
    "hashindex": Row(
        "The nearest of ten million hashes, exactly, within 31 bits",
        "{ours} queries/s on one core in {seen[10,000,000 rows within 31][ours][megabytes]} MB; faiss flat "
        "{peers[faiss flat]}, the ThreatExchange library's index {peers[ThreatExchange (faiss MultiHash)]}",
    ),
    "learning": Row(
        "A model taught by 500 verdicts",
        "average precision {peers[untaught]:.2f} → {ours:.2f} on frozen stand-in texts, scikit-learn from scratch "
        "{peers[scikit_learn_from_scratch]:.2f}; a poisoned batch refused",
    ),
    "grooming": Row(
        "Conversations alarmed, on stand-in dialogues of unseen phrasing",
        "latency-weighted F1 {ours:.2f}, keywords {peers[keywords_1]:.2f}, a model that reads the whole conversation "
        "{peers[whole_conversation]:.2f}",
    ),
    "classify": Row(
        "Findings judged, each a text and a picture",
        "{ours} a second on two cores, the library's bare model calls {floor}; texts alone "
        "{seen[two_cores][text][ours][items_per_s]} ({seen[two_cores][text][ours][of_floor]:.0%} of the bare call)",
    ),
    "evidence": Row(
        "A page captured in 16 steps, sealed, signed and stamped by two authorities",
        "a median of {ours} s (p99 {seen[p99_s][1]}), {seen[captures_per_minute][1]} a minute one at a time, "
        "{seen[captures_per_minute][4]} with four, in {seen[peak_mib][4]} MiB with all of Chromium; a plain script "
        "that only draws the page needs {floor} s",
    ),
    "archiving": Row("Traffic archived as WARC, packed", "{ours} MB/s of CPU; warcio {peers[warcio]}"),
    "paced": Row(
        "A finding's way to its draft at ten findings a minute on 28 hosts, all else going on",
        "a median of {seen[steady][median_s]} s, p99 {seen[steady][p99_s]} s ({seen[steady][findings]} findings); one "
        "alone {seen[at_once][1][median_s]} s, ten at once {seen[at_once][10][median_s]} s, a hundred at once "
        "{seen[at_once][100][median_s]} s: {seen[sustained_an_hour]} an hour, bound by {bound_by}. A thousand take "
        "{seen[a_thousand_findings][core_hours]} core-hours and {seen[a_thousand_findings][stored_gb]} GB. A bare "
        "script that draws, hashes and writes needs {floor} s",
    ),
    "loop": Row(
        "The same for all findings of a web at once",
        "a median of {ours} s ({seen[cases][0]} findings of 28 hosts, p99 {seen[p99_s][0]} and {seen[p99_s][1]} s in "
        "two runs), bound by {bound_by}",
    ),
    "reupload": Row(
        "A removed picture posted again elsewhere: recompressed, cropped by 10 %, mirrored",
        "a draft linked to the first case {ours} s after its crawl, {seen[from_publication_s][0]}, "
        "{seen[from_publication_s][1]} and {seen[from_publication_s][2]} s after it was posted, {seen[linked]} (a "
        "script with the PDQ hash alone knows {seen[script_pdq31_knew]})",
    ),
    "notices": Row(
        "Approved notices handed to the mail server",
        "p99 {ours} s with 100 waiting for 100 recipients; {seen[an_hour]} an hour approved, sent and recorded, "
        "{seen[duplicates]} twice; the bare conversation of the same mails takes {floor} s for 100",
    ),
    "queue": Row(
        "The next case claimed, and a list read, over HTTP with 16 reviewers at work",
        "p99 {seen[http][claim][p99_ms]} and {seen[http][list][p99_ms]} ms among {seen[cases]} waiting cases, medians "
        "{seen[http][claim][p50_ms]} and {seen[http][list][p50_ms]} ms; of {seen[claims]} claims {seen[claimed_twice]} "
        "twice; two plain SQL statements alone need {floor} ms",
    ),
    "listeners": Row(
        "Open pages that hear of each claim, in one process",
        "{seen[listeners]} pages, {seen[lost]} events lost, {seen[heard][disorder]} out of order, half of them within "
        "{seen[heard][late_ms][p50]} ms; a claim's p99 is {ours} ms meanwhile, {peers[while nobody listens]} "
        "without them",
    ),
    "figures": Row(
        "Every table of the dashboard for a year",
        "{ours} ms for {seen[cases]} cases; five medians alone, in one plain statement, {seen[plain_ms][year]} ms",
    ),
    "audit": Row(
        "Lines of the audit history, by 16 writers, with chain, tree, signed heads and checks",
        "{ours} a second; plain INSERTs {peers[plain INSERT, no chain]}. A million lines are checked offline in "
        "{seen[verified][a_million_s]} s",
    ),
    "growth": Row(
        "Ten times as many sites, cases, known hashes",
        "{seen[grown][sites, claim][times]} times as long for the scheduler, {seen[grown][cases, claim][times]} for "
        "the next case, {seen[grown][cases, list][times]} for a list, {seen[grown][hashes, search][times]} for a hash "
        "(comparing all: {peers[hashes, all compared (faiss flat)]})",
    ),
    "footprint": Row(
        "Memory of the six services through a run of the sandbox, with Chromium, at their peaks",
        "{ours} MiB: classifier {seen[classifier][peak_mib]}, evidence {seen[evidence][peak_mib]}, crawler "
        "{seen[crawler][peak_mib]}, gateway {seen[gateway][peak_mib]}",
    ),
    "backup": Row(
        "A commit that waits until its archive has it too",
        "{ours} ms; {peers[archive not waited for]} where nobody waits for it, {peers[no archive]} without an archive",
    ),
}


class _Shown:
    """A value of the line for a template: numbers with three digits, `?` for what is not there."""

    def __init__(self, value: Any) -> None:  # noqa: ANN401  # JSON
        self._value = value

    def __getitem__(self, key: str | int) -> "_Shown":
        """By its whole name, or by what stands before the comma where that is enough: thresholds follow it."""
        if isinstance(self._value, Mapping):
            found = [name for name in self._value if name == str(key) or name.startswith(f"{key}, ")]
            return _Shown(self._value[found[0]] if len(found) == 1 else None)
        if isinstance(self._value, list) and isinstance(key, int) and key < len(self._value):
            return _Shown(self._value[key])
        return _Shown(None)

    def __format__(self, spec: str) -> str:
        if self._value is None:
            return "?"
        if isinstance(self._value, float | int) and not spec:
            return number(self._value)
        return format(self._value, spec)


def sentence(name: str, line: Mapping[str, Any]) -> str:
    ours, better = line["ours"], line["lower_is_better"]
    times = {peer: value / ours if better else ours / value for peer, value in line["peers"].items() if value and ours}
    given = {**line, "seen": line["detail"], "times": times}
    return ROWS[name].told.format(**{key: _Shown(value) for key, value in given.items()})


def table(kept: Mapping[str, Kept]) -> str:
    rows = [
        f"| {row.what} | {cell(sentence(name, kept[name].line))} | {_command(name, row, kept[name])} |"
        for name, row in ROWS.items()
        if name in kept
    ]
    return "\n".join(["", "| | | command |", "|---|---|---|", *rows, "", ""])


def _command(name: str, row: Row, one: Kept) -> str:
    return f"`make bench NAME={name}{' QUICK=1' if one.quick else ''}{' DATA=FOLDER' if row.data else ''}`"


def placed(document: str, kept: Mapping[str, Kept]) -> str:
    """The document with the table of what is kept. Raises `ValueError` where it has no one place for it."""
    made, places = PLACE.subn(lambda _: table(kept), document)
    if places != 1:
        raise ValueError("the document has no place, or several, for the table of figures")
    return made
