"""Check a bundle of evidence, offline: is everything in it as it was sealed, and when, and by whom?

    python -m haetae_verify BUNDLE [--key HEX|FILE] [--authority PEM] [--json] [--lang ko|en]

    python -m haetae_verify history FILE [--heads FILE] [--key HEX|FILE] [--authority PEM] [--json] [--lang ko|en]

BUNDLE: a `.haetae.zip`, a folder that it was unpacked into, or a certificate of destruction. No network is used.
FILE: an export of an audit history; heads that were kept apart tell whether it was rewritten.
Exit status: 0 all is right, 1 something is wrong (the first thing is named), 2 this is no bundle or cannot be read.
"""

import argparse
import dataclasses
import io
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from haetae_verify.bundle import Proof, check_bundle
from haetae_verify.canonical import moment
from haetae_verify.certificate import Destruction, check_certificate
from haetae_verify.history import Proof as History
from haetae_verify.history import check_history
from haetae_verify.keys import named
from haetae_verify.shape import MOST_BYTES
from haetae_verify.source import opened
from haetae_verify.stamps import trusted
from haetae_verify.telling import Teller
from haetae_verify.wrong import Unreadable, Wrong

RIGHT, WRONG, UNREADABLE = 0, 1, 2


def verify(path: Path, keys: Sequence[str] = (), authorities: Sequence[Path] = ()) -> Proof | Destruction:
    """Raises `Wrong` with the first thing that is not right, `Unreadable` when this is nothing to be checked."""
    known, roots = named(keys), trusted(authorities)
    if (data := _document(path)) is not None:
        return check_certificate(path.name, data, known)
    with opened(path) as source:
        return check_bundle(source, known, roots)


def main(arguments: Sequence[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else list(arguments)
    of_history = given[:1] == ["history"]
    chosen = _history_parser().parse_args(given[1:]) if of_history else _parser().parse_args(given)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a pipe of Windows may not know every letter of an answer
    found: Proof | Destruction | History
    try:
        if of_history:
            found = check_history(chosen.file, chosen.heads, chosen.key, chosen.authority)
        else:
            found = verify(chosen.bundle, chosen.key, chosen.authority)
    except Wrong as error:
        print(_as_json(error) if chosen.json else error.say(chosen.lang))  # noqa: T201  # a command's answer
        return UNREADABLE if isinstance(error, Unreadable) else WRONG
    print(_as_json(found) if chosen.json else "\n".join(_told(found, Teller(chosen.lang))))  # noqa: T201  # as above
    return RIGHT


def _told(found: Proof | Destruction | History, teller: Teller) -> list[str]:
    if isinstance(found, History):
        return teller.history(found)
    return teller.proof(found, datetime.now(UTC)) if isinstance(found, Proof) else teller.destruction(found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("haetae_verify", description=__doc__.partition("\n")[0])
    parser.add_argument("bundle", type=Path, help="a .haetae.zip, its unpacked folder, or a certificate of destruction")
    return _with_common(parser)


def _history_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("haetae_verify history", description="Check an export of an audit history.")
    parser.add_argument("file", type=Path, help="the export, JSON lines, packed by gzip or not")
    parser.add_argument(
        "--heads",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="signed heads that somebody kept, a JSON object a line; may be repeated",
    )
    return _with_common(parser)


def _with_common(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="HEX|FILE",
        help="a key that the agency publishes; may be repeated",
    )
    parser.add_argument(
        "--authority",
        action="append",
        default=[],
        type=Path,
        metavar="PEM",
        help="a root that you trust for time stamps",
    )
    parser.add_argument("--json", action="store_true", help="the answer for a program")
    parser.add_argument("--lang", choices=("ko", "en"), default="en", help="the language of the answer")
    return parser


def _document(path: Path) -> bytes | None:
    """The file, when it begins as a JSON object does."""
    try:
        if path.is_dir():
            return None
        with path.open("rb") as file:
            if file.read(1) != b"{":
                return None
            file.seek(0)
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Unreadable(path.name, "unreadable", why=error.strerror or error) from error
    if len(data) > MOST_BYTES:
        raise Unreadable(path.name, "big", most=MOST_BYTES >> 10)
    return data


def _as_json(found: Wrong | Proof | Destruction | History) -> str:
    if isinstance(found, Wrong):
        said = {"en": found.say("en"), "ko": found.say("ko")}
        answer = {"right": False, "part": found.part, "kind": found.kind, "said": said}
    else:
        kind = "bundle" if isinstance(found, Proof) else "history" if isinstance(found, History) else "certificate"
        answer = {"right": True, "kind": kind, "proved": dataclasses.asdict(found)}
    return json.dumps(answer, default=lambda value: moment(value), indent=1)


if __name__ == "__main__":
    sys.exit(main())
