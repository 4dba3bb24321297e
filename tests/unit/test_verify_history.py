"""An audit history that somebody tampered with is found out, and the first bad line is named."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haetae_verify.__main__ import main
from haetae_verify.heads import sign
from haetae_verify.history import check_history
from haetae_verify.tree import subtrees
from haetae_verify.wrong import Unreadable, Wrong
from services.gateway.audit import Line
from tests.support.histories import (
    EVERY,
    KEY,
    LOG,
    OTHER_KEY,
    STEP,
    T0,
    History,
    Known,
    chained,
    history,
    kept,
    rewritten,
    row,
)  # fmt: skip

WHOLE = history()
PUBLIC = KEY.public_key().public_bytes_raw().hex()
BAD = 25  # the place that is tampered with, counted from 0
Tampering = Callable[[History], History]


def written(folder: Path, rows: Sequence[bytes]) -> Path:
    path = folder / "history.jsonl"
    path.write_bytes(b"".join(rows))
    return path


def found(folder: Path, rows: Sequence[bytes], **more: Any) -> Wrong:
    with pytest.raises(Wrong) as wrong:
        check_history(written(folder, rows), **more)
    for language in ("en", "ko"):
        assert "{" not in wrong.value.say(language).replace("{ … }", "")  # type: ignore[arg-type]  # one of the two
    return wrong.value


def names(wrong: Wrong, line: Line) -> bool:
    return (wrong.facts["chain"], wrong.facts["seq"], wrong.facts["action"]) == (str(line.chain), line.seq, line.action)


def test_an_untouched_history_is_right(tmp_path: Path) -> None:
    file = written(tmp_path, WHOLE.rows())
    proof = check_history(file, [kept(tmp_path, WHOLE.heads[::3])], [PUBLIC])
    assert (proof.lines, proof.chains, proof.heads, proof.kept, proof.beyond) == (60, 5, 10, 4, 0)
    assert proof.own_keys


def changed(**change: object) -> Tampering:
    """One line as somebody with a mind for the table alone changes it: nothing else is adjusted."""

    def tamper(whole: History) -> History:
        whole.lines[BAD] = replace(whole.lines[BAD], **change)  # type: ignore[arg-type]
        return whole

    return tamper


@pytest.mark.parametrize(
    "change",
    [
        {"chain": UUID(int=77)}, {"seq": 1_000}, {"at": T0 - timedelta(days=1)}, {"actor": "nobody"},
        {"action": "case-rejected"}, {"details": {"pictures": 0}}, {"agency": "south"}, {"prev_hash": "1" * 64},
        {"hash": "1" * 64},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_changed_column_is_found_at_its_line(tmp_path: Path, change: dict[str, object]) -> None:
    tampered = changed(**change)(WHOLE.copy())
    wrong = found(tmp_path, tampered.rows())
    assert wrong.kind == "history-changed"
    assert names(wrong, tampered.lines[BAD])
    assert wrong.facts["place"] == BAD + 1


def next_in_chain(lines: Sequence[Line], after: int) -> Line:
    return next(line for line in lines[after + 1 :] if line.chain == lines[after].chain)


def test_a_deleted_line_is_found_at_the_next_of_its_chain(tmp_path: Path) -> None:
    tampered = WHOLE.copy()
    del tampered.lines[BAD]
    without_heads = [one for one in tampered.rows(size=60) if b'"head"' not in one]
    assert names(wrong := found(tmp_path, without_heads), next_in_chain(WHOLE.lines, BAD))
    assert wrong.kind == "history-missing"
    last = max(n for n, line in enumerate(WHOLE.lines) if line.chain == WHOLE.lines[0].chain)  # of its chain
    rows = [one for one in WHOLE.rows() if WHOLE.lines[last].hash.encode() not in one[:80]]
    wrong = found(tmp_path, rows)  # the tree alone misses it
    first = next(n for n in range(last - last % EVERY, 60) if n != last)
    assert (wrong.kind, names(wrong, WHOLE.lines[first])) == ("history-head-place", True)


def test_reordered_lines_are_found(tmp_path: Path) -> None:
    tampered = WHOLE.copy()
    other = WHOLE.lines.index(next_in_chain(WHOLE.lines, BAD))
    tampered.lines[BAD], tampered.lines[other] = tampered.lines[other], tampered.lines[BAD]
    wrong = found(tmp_path, tampered.rows())
    assert (wrong.kind, names(wrong, WHOLE.lines[other])) == ("history-missing", True)
    apart = WHOLE.copy()  # of different chains: only the tree has their order
    apart.lines[BAD], apart.lines[BAD + 1] = apart.lines[BAD + 1], apart.lines[BAD]
    assert WHOLE.lines[BAD].chain != WHOLE.lines[BAD + 1].chain
    wrong = found(tmp_path, apart.rows())
    assert (wrong.kind, names(wrong, WHOLE.lines[BAD - BAD % EVERY])) == ("history-head", True)


def test_an_inserted_line_is_found(tmp_path: Path) -> None:
    line = WHOLE.lines[BAD]
    again = WHOLE.copy()
    again.lines.insert(BAD + 1, line)
    assert (wrong := found(tmp_path, again.rows(size=61))).kind == "history-again"
    assert names(wrong, line)
    forged = chained([*WHOLE.lines[: BAD + 1], replace(line, actor="nobody")], lambda one: one)[-1]
    inserted = WHOLE.copy()
    inserted.lines.insert(BAD + 1, forged)
    wrong = found(tmp_path, inserted.rows(size=61))
    assert wrong.kind in ("history-again", "history-head")


def test_a_truncated_history_is_found(tmp_path: Path) -> None:
    rows = WHOLE.rows()
    assert (wrong := found(tmp_path, rows[:-1])).kind == "history-unsigned"
    assert names(wrong, WHOLE.lines[54])
    wrong = found(tmp_path, rows[:30])  # four heads and the first row are among them
    assert (wrong.kind, wrong.facts["missing"], names(wrong, WHOLE.lines[24])) == ("history-cut", 26, True)
    shorter = History(WHOLE.lines[:54]).signed()
    assert check_history(written(tmp_path, shorter.rows())).lines == 54  # by itself it is a history
    later = T0 + 61 * STEP
    wrong = found(tmp_path, shorter.rows(made_at=later), heads=[kept(tmp_path, WHOLE.heads)])
    assert (wrong.kind, wrong.facts["kept"], wrong.facts["missing"]) == ("history-behind", 60, 55)
    assert names(wrong, WHOLE.lines[53])


def test_a_forked_history_is_found_by_two_heads_of_one_size(tmp_path: Path) -> None:
    fork = rewritten(WHOLE, BAD, actor="nobody").signed()
    both = kept(tmp_path, [WHOLE.heads[3], WHOLE.heads[6], fork.heads[6]])
    for rows in (WHOLE.rows(), History(WHOLE.lines[:30]).signed().rows()):  # also where the export ends before it
        assert (wrong := found(tmp_path, rows, heads=[both])).kind == "history-fork"
        assert (wrong.facts["size"], wrong.facts["good"]) == (WHOLE.heads[6].size, 24)
        assert names(wrong, WHOLE.lines[24])


def moved_in_time(which: Callable[[int], bool], hours: int) -> History:
    def moved(line: Line) -> Line:
        return replace(line, at=line.at + timedelta(hours=hours)) if which(WHOLE.lines.index(line)) else line

    return History(chained(WHOLE.lines, moved)).signed()


def test_a_clock_that_was_set_back_is_found(tmp_path: Path) -> None:
    back = moved_in_time(lambda place: place >= BAD, -1)
    assert (wrong := found(tmp_path, back.rows())).kind == "history-early"
    assert names(wrong, WHOLE.lines[BAD])
    late = moved_in_time(lambda place: place == BAD, 1)
    assert (wrong := found(tmp_path, late.rows())).kind == "history-late"
    assert names(wrong, WHOLE.lines[BAD])
    heads = WHOLE.copy()
    former, head = heads.heads[4:6]
    heads.heads[5] = sign(LOG, head.size, head.root, former.signed_at - STEP, KEY)
    wrong = found(tmp_path, heads.rows())
    assert (wrong.kind, names(wrong, WHOLE.lines[former.size])) == ("history-head-clock", True)


def test_heads_signed_anew_with_another_key_are_found(tmp_path: Path) -> None:
    own = rewritten(WHOLE, BAD, actor="nobody").signed(OTHER_KEY)
    wrong = found(tmp_path, own.rows())
    assert (wrong.kind, names(wrong, own.lines[0])) == ("history-key", True)
    own.keys = [OTHER_KEY]  # which it says is the agency's: who knows the agency's key is not taken in
    assert check_history(written(tmp_path, own.rows())).lines == 60
    assert found(tmp_path, own.rows(), keys=[PUBLIC]).kind == "history-key"


def test_a_head_with_another_root_or_signature_is_found(tmp_path: Path) -> None:
    for change, kind in (
        ({"root": "1" * 64}, "signature"),
        ({"size": 31}, "head-place"),
        ({"signature": "AAAA"}, "signature"),
    ):
        tampered = WHOLE.copy()
        rows = tampered.rows()
        at = next(n for n, one in enumerate(rows) if b'"size":30' in one and b'"head"' in one)
        value = json.loads(rows[at])
        value["head"] |= change
        rows[at] = row(value)
        wrong = found(tmp_path, rows)
        assert (wrong.kind, names(wrong, WHOLE.lines[24])) == (f"history-{kind}", True)


@given(st.integers(0, 59), st.sampled_from(["actor", "action", "details", "at", "agency"]))
@settings(max_examples=25)
def test_whoever_rewrites_everything_with_the_key_is_found_by_a_head_that_was_kept(place: int, what: str) -> None:
    """Line, chains, tree, heads: all of it agrees. The first line that no kept head vouches for is at most a minute's
    lines before the one that was rewritten."""
    value: dict[str, object] = {
        "actor": "nobody", "action": "case-rejected", "details": {}, "agency": "south",
        "at": WHOLE.lines[place].at + timedelta(seconds=1),
    }  # fmt: skip
    forged = rewritten(WHOLE, place, **{what: value[what]}).signed()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assert check_history(written(folder, forged.rows()), keys=[PUBLIC]).lines == 60
        wrong = found(folder, forged.rows(), heads=[kept(folder, WHOLE.heads)], keys=[PUBLIC])
    assert wrong.kind == "history-kept-head"
    assert names(wrong, forged.lines[place - place % EVERY])


def test_a_part_proves_that_it_is_part_of_the_whole(tmp_path: Path) -> None:
    chain = WHOLE.lines[0].chain
    rows = part(lambda line: line.chain == chain)
    proof = check_history(written(tmp_path, rows), [kept(tmp_path, WHOLE.heads)], [PUBLIC])
    assert (proof.lines, proof.size, proof.complete) == (sum(line.chain == chain for line in WHOLE.lines), 60, False)
    assert proof.kept
    assert proof.kept + proof.beyond == len(WHOLE.heads)
    line = next(n for n, one in enumerate(rows) if one.startswith(b'{"hash"'))
    kinds = ("history-head-place", "history-row", "history-head")
    assert found(tmp_path, [*rows[:line], *rows[line + 1 :]]).kind in kinds
    hidden = row({"subtree": {"hash": "1" * 64, "level": 0}})
    assert found(tmp_path, [*rows[:line], hidden, *rows[line + 1 :]]).kind == "history-head"
    whole = [rows[0].replace(b'"complete":false', b'"complete":true'), *rows[1:]]
    assert found(tmp_path, whole).kind == "history-row"


def part(wanted: Callable[[Line], bool]) -> list[bytes]:
    """An export of some lines only, as the gateway makes one."""
    known = Known([bytes.fromhex(line.hash) for line in WHOLE.lines])
    rows, end = [WHOLE.rows(complete=False)[0]], 0
    for place, line in enumerate([*WHOLE.lines, None]):
        if line is None or wanted(line):
            rows += [row({"subtree": {"hash": known(one).hex(), "level": one[0]}}) for one in subtrees(end, place)]
            end = place + 1
            if line:
                rows += [one for one in WHOLE.rows() if line.hash.encode() in one[:80]]
    return [*rows, WHOLE.rows()[-1]]


@pytest.mark.parametrize(
    "rows",
    [
        [], [b"\n"], [b"{}\n"], [b"[1]\n"], [b"\xff\xfe\n"], [b'{"format":"haetae-history/2"}\n'],
        [b'{"format":"haetae-history/1"}\n'],
    ],
)  # fmt: skip
def test_what_is_no_export_is_said_to_be_none(tmp_path: Path, rows: list[bytes]) -> None:
    with pytest.raises(Unreadable):
        check_history(written(tmp_path, rows))


@pytest.mark.parametrize(
    "bad",
    [
        b"{}\n", b"[]\n", b"{\n", b'{"hash":"\n', b'{"hash":"%b","line":{}}\n' % (b"a" * 64), b"x" * (1 << 21),
        b"[" * 5_000 + b"\n", b'{"head":{}}\n', b'{"head":3}\n', b'{"subtree":{"hash":"00","level":0}}\n',
    ],
)  # fmt: skip
def test_a_row_that_is_none_is_named(tmp_path: Path, bad: bytes) -> None:
    rows = WHOLE.rows()
    wrong = found(tmp_path, [*rows[:10], bad, *rows[10:]])
    assert wrong.kind in ("history-row", "field", "history-changed")


def hashed(**change: object) -> bytes:
    """The first line with a hash that is right."""
    text = json.dumps(json.loads(WHOLE.rows()[1])["line"] | change, separators=(",", ":")).encode()
    return b'{"hash":"%b","line":%b}\n' % (sha256(text).hexdigest().encode(), text)


@pytest.mark.parametrize(
    "bad",
    [
        hashed(chain="x" * 900_000), hashed(action=["a"]), hashed(details=3), hashed(seq=-1), hashed(seq=10**4000),
        *(row({"subtree": {"hash": "1" * 64, "level": level}}) for level in (63, 10**9, 10**30)),
    ],
    ids=range(8),
)  # fmt: skip
def test_a_row_that_would_fill_the_memory_or_the_answer_is_refused(tmp_path: Path, bad: bytes) -> None:
    assert found(tmp_path, [WHOLE.rows(complete=False)[0], bad]).kind == "history-row"


def test_lines_beyond_those_it_began_as_are_refused_at_once(tmp_path: Path) -> None:
    wrong = found(tmp_path, WHOLE.rows(size=30))
    assert (wrong.kind, wrong.facts["row"]) == ("history-row", 1 + 30 + 5 + 1)


def test_a_packed_export_with_a_broken_byte_is_said_to_be_unreadable(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"".join(WHOLE.rows())))
    packed[12] ^= 0x55
    with pytest.raises(Unreadable):
        check_history(written(tmp_path, [bytes(packed)]))


def test_the_command_says_it_in_both_languages_and_to_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, heads = written(tmp_path, WHOLE.rows()), kept(tmp_path, WHOLE.heads)
    assert main(["history", str(file), "--heads", str(heads), "--key", PUBLIC]) == 0
    assert "10 agree" in (told := capsys.readouterr().out)
    assert "as it was chained and signed" in told
    packed = tmp_path / "history.jsonl.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert main(["history", str(packed), "--lang", "ko"]) == 0
    assert "머리값 10개" in capsys.readouterr().out
    file.write_bytes(b"".join(changed(actor="nobody")(WHOLE.copy()).rows()))
    assert main(["history", str(file)]) == 1
    assert f"Line {WHOLE.lines[BAD].seq} of {WHOLE.lines[BAD].chain}" in capsys.readouterr().out
    assert main(["history", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["kind"] == "history-changed"
    assert main(["history", str(tmp_path / "nowhere")]) == 2
    assert main(["history", str(file), "--heads", str(packed)]) == 2


def test_a_key_that_took_over_is_known_with_its_heads(tmp_path: Path) -> None:
    turned = WHOLE.copy()
    turned.heads[5:] = [sign(LOG, head.size, head.root, head.signed_at, OTHER_KEY) for head in turned.heads[5:]]
    turned.keys = [KEY, OTHER_KEY]
    keys = [key.public_key().public_bytes_raw().hex() for key in turned.keys]
    assert check_history(written(tmp_path, turned.rows()), keys=keys).heads == 10
