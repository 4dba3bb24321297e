"""The second factor: codes of an authenticator (TOTP, RFC 6238), and recovery codes for the day it is lost."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

import pyotp
import sqlalchemy as sa
from pyotp.exceptions import OTPVerificationError

from services.gateway import history
from services.gateway.accounts import Account
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.people.sealing import Seal, Unsealable
from services.gateway.people.store import RecoveryCode, SecondFactor
from services.gateway.problems import Problem
from shared.database import Transaction

ISSUER = "Haetae"
DRIFT_STEPS = 1  # of 30 s: clocks differ, and a code is typed while it runs out (RFC 6238, 5.2)
RECOVERY_CODES = 10
RECOVERY_BYTES = 10  # 80 bits: a plain digest of it cannot be searched
RECOVERY_GROUP = 4  # letters between hyphens, for whoever copies them by hand


async def enrolled(tx: Transaction, login: str) -> bool:
    factor = await tx.get(SecondFactor, login)
    return factor is not None and factor.sealed is not None


async def begin(tx: Transaction, account: Account, seal: Seal) -> None:
    """A new secret waits for its first code; the one in use, if any, stays until then."""
    factor = await tx.get(SecondFactor, account.login, lock=True)
    if factor is None:
        factor = SecondFactor(login=account.login, last_step=0)
        tx.add(factor)
    factor.waiting = seal.seal(account.login, pyotp.random_base32())


async def waiting_secret(tx: Transaction, login: str, seal: Seal) -> str:
    """The secret to be entered into an authenticator. Raises `Problem` 409 when none waits."""
    factor = await tx.get(SecondFactor, login)
    if factor is None or factor.waiting is None:
        raise Problem(409, "factor-not-begun")
    return opened(seal, login, factor.waiting)


def address(account: Account, secret: str) -> str:
    """The `otpauth://` address that the QR code says."""
    return pyotp.TOTP(secret, name=account.login, issuer=ISSUER).provisioning_uri()


async def confirm(tx: Transaction, account: Account, code: str, seal: Seal) -> Sequence[str]:
    """From now on the waiting secret counts. Gives the new recovery codes, which nobody can see again.
    Raises `Problem` 409, or 422 for a code that is not of it."""
    factor = await tx.get(SecondFactor, account.login, lock=True)
    if factor is None or factor.waiting is None:
        raise Problem(409, "factor-not-begun")
    now = tx.clock.now()
    step = step_of(opened(seal, account.login, factor.waiting), code, now)
    if step is None:
        raise Problem(422, "wrong-code", field="code")
    factor.sealed, factor.waiting, factor.last_step, factor.confirmed_at = factor.waiting, None, step, now
    await history.append(tx, ACCESS_CHAIN, account.pseudonym, Action.FACTOR_ENROLLED, {"account": account.pseudonym})
    return await renew_recovery(tx, account.login)


async def renew_recovery(tx: Transaction, login: str) -> Sequence[str]:
    codes = [recovery_code() for _ in range(RECOVERY_CODES)]
    await tx.execute(sa.delete(RecoveryCode).where(RecoveryCode.login == login))
    await tx.execute(sa.insert(RecoveryCode), [{"login": login, "digest": recovery_digest(code)} for code in codes])
    return codes


async def prove(tx: Transaction, account: Account, code: str, seal: Seal) -> bool:
    """Whether the code is one of this account's authenticator, not seen before, or an unused recovery code."""
    factor = await tx.get(SecondFactor, account.login, lock=True)
    if factor is None or factor.sealed is None:
        return False
    step = step_of(opened(seal, account.login, factor.sealed), code, tx.clock.now())
    if step is not None:
        fresh = step > factor.last_step
        factor.last_step = max(step, factor.last_step)
        return fresh
    return await _use_recovery(tx, account, code)


async def _use_recovery(tx: Transaction, account: Account, code: str) -> bool:
    used = await tx.execute(
        sa.update(RecoveryCode)
        .where(RecoveryCode.login == account.login, RecoveryCode.digest == recovery_digest(code))
        .where(RecoveryCode.used_at.is_(None))
        .values(used_at=tx.clock.now())
    )
    if used.rowcount != 1:
        return False
    await history.append(tx, ACCESS_CHAIN, account.pseudonym, Action.RECOVERY_USED, {"account": account.pseudonym})
    return True


async def left(tx: Transaction, login: str) -> int:
    """How many recovery codes are unused."""
    unused = sa.select(sa.func.count()).where(RecoveryCode.login == login, RecoveryCode.used_at.is_(None))
    return await tx.scalar(unused) or 0


async def forget(tx: Transaction, login: str) -> None:
    for model in (SecondFactor, RecoveryCode):
        await tx.execute(sa.delete(model).where(model.login == login))


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, at most `DRIFT_STEPS` from now; None for none."""
    digits = code.replace(" ", "")
    if not (digits.isascii() and digits.isdigit()):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(digits, for_time=now, valid_window=DRIFT_STEPS)
    except OTPVerificationError:
        return None


def recovery_code() -> str:
    """`k7qd-m2xa-…`: base32 in lower case, without digits that look like letters."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    plain = "".join(secrets.choice(letters) for _ in range(RECOVERY_BYTES * 8 // 5))
    return "-".join(plain[at : at + RECOVERY_GROUP] for at in range(0, len(plain), RECOVERY_GROUP))


def recovery_digest(code: str) -> str:
    """However it was typed: hyphens, blanks and capitals do not count."""
    return hashlib.sha256("".join(code.lower().split()).replace("-", "").encode()).hexdigest()


def opened(seal: Seal, login: str, sealed: bytes) -> str:
    """Raises `Problem` 503 when the key was changed since."""
    try:
        return seal.open(login, sealed)
    except Unsealable:
        raise Problem(503, "factor-unreadable") from None
