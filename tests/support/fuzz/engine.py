"""Inputs by mutation: pieces of good examples, cut, doubled, swapped, flipped, nested, with tokens of the format."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

OURS = ("services.", "shared.", "haetae")  # whose errors may be kinds of those that a reader promises
LONGEST = 20_000  # bytes of an input
WITHIN_S = 10.0  # of one: what takes longer hangs
MOST_CHANGES = 8
ODD = (
    *(b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r\n", b"\n\n", b"%00", b"%", b"\\ud800", b"../"),
    *(b"-1", b"0", b"1e999", b"9" * 5000, b"99999-12-31", b"NaN", b"null", "\u202e\u0130\u1e9e".encode()),
    *(b"[" * 3000, b'{"a":' * 2000, b"(" * 1500, b"<a>" * 1500),
    *(bytes([one]) for one in b"\"']}:;=, \t"),
)


class Hung(BaseException):
    """An input took longer than `WITHIN_S`."""


@dataclass(frozen=True)
class Target:
    """`errors`: what it says it raises. `seeds`: good inputs. `tokens`: words of its format."""

    name: str
    call: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]
    tokens: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Finding:
    target: str
    data: bytes
    error: BaseException

    def __str__(self) -> str:
        return f"{self.target}: {type(self.error).__name__}: {str(self.error)[:200]} on {len(self.data)} bytes"


@dataclass(frozen=True)
class Tried:
    """`count`: inputs, up to the one that was found."""

    count: int
    finding: Finding | None


def inputs(target: Target, seed: int) -> Iterator[bytes]:
    """Without end; the same for the same seed."""
    chance = random.Random(f"{target.name} {seed}")
    yield from target.seeds
    while True:
        made = bytearray(chance.choice(target.seeds))
        for _ in range(chance.randint(1, MOST_CHANGES)):
            _change(made, chance, target)
        yield bytes(made[:LONGEST])


def _change(made: bytearray, chance: random.Random, target: Target) -> None:
    at = chance.randint(0, len(made))
    end = min(len(made), at + int(2 ** chance.uniform(0, 10)))
    match chance.randrange(7):
        case 0:
            del made[at:end]
        case 1:
            made[at:at] = made[at:end] * chance.randint(1, 4)
        case 2:
            made[at:at] = chance.choice(ODD)
        case 3:
            made[at:end] = chance.choice(target.tokens or ODD)
        case 4 if at < len(made):
            made[at] ^= 1 << chance.randrange(8)
        case 5:
            other = chance.choice(target.seeds)
            start = chance.randint(0, len(other))
            made[at:end] = other[start : start + 64]
        case _:
            made[at:end] = bytes(chance.randrange(256) for _ in range(min(end - at, 8)))


def fuzz(target: Target, seed: int, count: int) -> Tried:
    """Until the first input that ends in anything but one of the target's errors."""
    for number, data in zip(range(1, count + 1), inputs(target, seed), strict=False):
        if found := tried(target, data):
            return Tried(number, found)
    return Tried(count, None)


def tried(target: Target, data: bytes) -> Finding | None:
    try:
        with within(WITHIN_S):
            target.call(data)
    except (Exception, Hung) as error:
        return None if _promised(error, target) else Finding(target.name, data, error)
    return None


def _promised(error: BaseException, target: Target) -> bool:
    """A library's kind of a promised error is an accident: `UnicodeDecodeError` is no refusal with a cure."""
    kind = type(error)
    return kind in target.errors or (isinstance(error, target.errors) and kind.__module__.startswith(OURS))


def smaller(target: Target, finding: Finding) -> Finding:
    """Without what does not matter, as far as halving and quartering find it."""
    data, step = finding.data, max(1, len(finding.data) // 2)
    while step:
        at = 0
        while at < len(data):
            less = data[:at] + data[at + step :]
            found = tried(target, less)
            if found and type(found.error) is type(finding.error):
                data, finding = less, found
            else:
                at += step
        step //= 2
    return finding


@contextmanager
def within(seconds: float) -> Iterator[None]:
    def hangs(*_: object) -> None:
        raise Hung(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def named(targets: Sequence[Target], name: str) -> Sequence[Target]:
    return [target for target in targets if not name or target.name == name]
