"""The chain of custody in a bundle: whole, of this case, and of what was sealed."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from haetae_verify.chain import FIELDS, GENESIS, broken_at
from haetae_verify.shape import Shape, document
from haetae_verify.wrong import Wrong

NAME, FORMAT = "custody.json", "haetae-custody/1"


@dataclass(frozen=True)
class Custody:
    """`actions`: how often each was done."""

    length: int
    head: str
    first_at: datetime
    last_at: datetime
    actions: dict[str, int]


def check_custody(data: bytes, case_id: str, manifest_sha256: str, about: Shape) -> Custody:
    """`about`: `bundle.json`, which has length and head of the chain. Raises `Wrong` with the first line."""
    shape, end = document(NAME, data, FORMAT), about.object("custody")
    lines = shape.objects("lines")
    if shape.text("case_id") != case_id:
        raise Wrong(NAME, "case", other=shape.text("case_id"), case=case_id)
    for number, line in enumerate(lines, 1):
        _check_line(line, number, case_id)
    if broken := broken_at(line.value for line in lines):
        raise Wrong(NAME, "chain", number=broken)
    head = lines[-1].digest("hash") if lines else GENESIS
    if (len(lines), head) != (end.number("length"), end.digest("head")):
        raise Wrong(NAME, "chain-end", length=len(lines), listed=end.number("length"))
    _check_sealed(lines, manifest_sha256)
    if (lines[-1].text("action"), lines[-1].text("actor")) != ("exported", about.text("made_by")):
        raise Wrong(NAME, "chain-exported", by=about.text("made_by"))
    times = [line.moment("at") for line in lines]
    return Custody(len(lines), head, min(times), max(times), dict(Counter(line.text("action") for line in lines)))


def _check_line(line: Shape, number: int, case_id: str) -> None:
    if line.value.keys() != {*FIELDS, "hash"}:
        raise Wrong(NAME, "chain-line", number=number)
    line.number("seq"), line.moment("at"), line.text("actor"), line.text("action"), line.object("details")
    for artifact in line.objects("artifacts"):
        artifact.text("name"), artifact.digest("sha256")
    if line.text("case_id") != case_id:
        raise Wrong(NAME, "case", other=line.text("case_id"), case=case_id)


def _check_sealed(lines: list[Shape], manifest_sha256: str) -> None:
    sealed = [line.object("details") for line in lines if line.text("action") == "sealed"]
    if manifest_sha256 not in {details.digest("manifest_sha256") for details in sealed}:
        raise Wrong(NAME, "chain-sealed")
