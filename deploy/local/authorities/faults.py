"""What real authorities do on a bad day, and what a forged one would: switched on by tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from deploy.local.authorities.answering import GRANTED, Asked, Refused, granted, rejected
from deploy.local.authorities.issuing import BACKDATED, Signer, new_root

GRANTED_WITH_MODS, WAITING = 1, 3
SKEW = timedelta(hours=2)
YEAR = timedelta(days=365)
HUGE_BYTES = 8 * 1024 * 1024


class Fault(StrEnum):
    DOWN = "down"  # 503
    SLOW = "slow"  # answers after a minute
    REDIRECT = "redirect"
    HTML = "html"  # 200, but a page
    GARBAGE = "garbage"  # the right media type, no DER
    CUT = "cut"  # the last byte is missing
    HUGE = "huge"
    REJECTION = "rejection"
    WAITING = "waiting"
    WITH_MODS = "granted-with-mods"
    WRONG_NONCE = "wrong-nonce"
    NO_NONCE = "no-nonce"
    WRONG_IMPRINT = "wrong-imprint"
    WRONG_KEY = "wrong-key"  # signs with a key that its certificate does not hold
    WRONG_ROOT = "wrong-root"  # a whole chain, but another's
    WRONG_PURPOSE = "wrong-purpose"  # its certificate is not for stamping
    NO_CERTIFICATE = "no-certificate"
    EXPIRED = "expired"
    SKEWED = "skewed"  # its clock goes wrong


OF_HTTP = frozenset({Fault.DOWN, Fault.SLOW, Fault.REDIRECT, Fault.HTML, Fault.GARBAGE, Fault.CUT, Fault.HUGE})


def faulty(fault: Fault, request: Asked, signer: Signer, at: datetime) -> bytes:
    """The TimeStampResp with this fault in it; those of the web server are not made here."""
    match fault:
        case Fault.REJECTION:
            return rejected(Refused("time_not_available", "the clock of the authority is away"))
        case Fault.WAITING:
            return granted(request, signer, at, WAITING)
        case Fault.WITH_MODS:
            return granted(request, signer, at, GRANTED_WITH_MODS)
        case Fault.SKEWED:
            return granted(request, signer, at + SKEW)
        case Fault.WRONG_NONCE | Fault.NO_NONCE | Fault.WRONG_IMPRINT | Fault.NO_CERTIFICATE:
            return granted(_changed(fault, request), signer, at)
        case Fault.WRONG_KEY | Fault.WRONG_ROOT | Fault.WRONG_PURPOSE | Fault.EXPIRED:
            return granted(request, _forged(fault, signer, at), at, GRANTED)
    raise ValueError(f"{fault} is a fault of the web server")


def _changed(fault: Fault, request: Asked) -> Asked:
    changes: Mapping[Fault, Asked] = {
        Fault.WRONG_NONCE: replace(request, nonce=(request.nonce or 0) ^ 1),
        Fault.NO_NONCE: replace(request, nonce=None),
        Fault.WRONG_IMPRINT: replace(request, digest=request.digest[::-1]),
        Fault.NO_CERTIFICATE: replace(request, certificates=False),
    }
    return changes[fault]


def _forged(fault: Fault, signer: Signer, at: datetime) -> Signer:
    match fault:
        case Fault.WRONG_KEY:
            return replace(signer, key=signer.root.key)
        case Fault.WRONG_PURPOSE:
            return signer.root.signer(at, stamps=False)
        case Fault.EXPIRED:
            return signer.root.signer(at - YEAR, YEAR - BACKDATED)
    return new_root("Another authority", at).signer(at)
