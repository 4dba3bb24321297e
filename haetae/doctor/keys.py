"""Keys: they decode, each has one purpose, they open and sign what is on record. No key is shown: a fingerprint is."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import psycopg
from pydantic import SecretStr
from sqlalchemy.exc import ArgumentError

from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.patient import PREFIX, Patient
from haetae.doctor.postgres import connected
from shared.failures import Failure
from shared.objects.keyring import key_of, keys_of
from shared.objects.vault import KeyDestroyed, Tampered, Vault, open_vault

KEYS = Subject("keys")
ONE, SEVERAL = ("master_key", "quarantine_key", "signing_key", "history_key", "second_factor_key"), "former_master_keys"
MOST_LOOKED_AT = 200  # case keys: two requests each, side by side with all else within the doctor's seconds
OPENED = 5
LEAST_LETTERS = 10  # different ones in a random text of 32 and more; a word repeated has fewer
# RFC 7914: 16 MiB and 50 ms a guess. Of 32 bits that are shown nobody gets back to a key.
SCRYPT: Mapping[str, Any] = {"salt": b"haetae fingerprint", "n": 1 << 14, "r": 8, "p": 1, "dklen": 4}


async def look_given(patient: Patient) -> Sequence[Diagnosis]:
    """What the settings say alone."""
    found = [*judge_given(patient.settings)]
    if (approval := getattr(patient.settings, "approval_key", None)) is not None:
        found.append(judge_approval(approval.get_secret_value()))
    return found


def judge_given(settings: Any) -> Iterator[Diagnosis]:  # noqa: ANN401  # each service has a class of its own
    values: dict[bytes, str] = {}
    for name in ONE:
        if not isinstance(given := getattr(settings, name, None), SecretStr):
            continue
        variable = PREFIX + name.upper()
        try:
            key = key_of(given, variable)
        except ValueError as error:
            yield KEYS.failed(variable, "is no key", str(error))
            continue
        if key in values:
            said = f"is the same key as {values[key]}: who learns one has both"
            yield KEYS.failed(variable, said, "make another with `head -c 32 /dev/urandom | base64`")
        values[key] = variable
    if given := getattr(settings, SEVERAL, None):
        try:
            keys_of(given, PREFIX + SEVERAL.upper())
        except ValueError as error:
            yield KEYS.failed(PREFIX + SEVERAL.upper(), "holds something that is no key", str(error))


def judge_approval(key: str) -> Diagnosis:
    if len(set(key)) < LEAST_LETTERS:
        cure = "make one with `head -c 32 /dev/urandom | base64`, the same for gateway and notifier"
        return KEYS.failed("HAETAE_APPROVAL_KEY", "can be guessed: whoever does approves notices", cure)
    return KEYS.ok("HAETAE_APPROVAL_KEY", f"fingerprint {fingerprint(key)}, which gateway and notifier must share")


def fingerprint(key: str) -> str:
    return hashlib.scrypt(key.encode(), **SCRYPT).hex()


async def look_wrapping(patient: Patient) -> Sequence[Diagnosis]:
    """Does the master key open keys of cases that are there, and is a former one still needed?"""
    try:
        async with open_vault(patient.settings) as vault:
            return await _wrapped(vault, former=patient.settings.former_master_keys is not None)
    except ValueError as error:
        return [KEYS.failed("master key", "there is none", str(error))]
    except Tampered as error:
        return [KEYS.failed("master key", "does not open the keys of cases: evidence cannot be read", str(error))]
    except Failure as error:
        cure = "see objects, and the key service of HAETAE_TRANSIT_URL"
        return [KEYS.skipped("master key", f"could not be tried ({type(error).__name__}); {cure}")]


async def _wrapped(vault: Vault, former: bool) -> Sequence[Diagnosis]:
    cases = list(islice([case async for case in vault.keys.cases()], MOST_LOOKED_AT))
    states = [await vault.keys.state(case) for case in cases]
    for case in [case for case, state in zip(cases, states, strict=True) if state in ("current", "waiting")][:OPENED]:
        try:
            await vault.keys.get(case)
        except KeyDestroyed:
            continue  # in this moment
    if waiting := states.count("waiting"):
        said = f"{waiting} of the first {len(cases)} keys of cases are wrapped by a former key"
        return [KEYS.warning("master key", said, "haetae keys rewrap")]
    if former:
        said = f"none of the first {len(cases)} keys of cases needs a former key"
        return [KEYS.warning("former master keys", said, "haetae keys show; when none waits: haetae keys forget")]
    said = f"{vault.keys.wrapper} opens the keys of cases ({len(cases)} looked at)"
    return [KEYS.ok("master key", said if cases else f"{vault.keys.wrapper}; there is no case yet")]


async def look_signing(patient: Patient) -> Sequence[Diagnosis]:
    from services.evidence.seal.signing import public_key, signing_key

    try:
        ours = public_key(signing_key(patient.settings.signing_key))
    except ValueError:
        return []  # told of by `judge_given`
    rows = await _rows(patient, "SELECT public_key, until FROM signing_keys ORDER BY since")
    return [judge_recorded("HAETAE_SIGNING_KEY", "evidence", ours, rows, comes_back=True)] if rows is not None else []


async def look_history(patient: Patient) -> Sequence[Diagnosis]:
    from services.gateway.tree.keys import history_key

    try:
        ours = history_key(patient.settings.history_key).public_key().public_bytes_raw().hex()
    except ValueError:
        return []  # told of by `judge_given`
    rows = await _rows(patient, "SELECT public_key, until FROM audit_keys ORDER BY since")
    return [judge_recorded("HAETAE_HISTORY_KEY", "history", ours, rows, comes_back=False)] if rows is not None else []


async def _rows(patient: Patient, query: str) -> list[dict[str, Any]] | None:
    """None where the database is not reached as the service: that is told of elsewhere."""
    try:
        async with await connected(patient.settings.database_url.get_secret_value()) as connection:
            return await (await connection.execute(query)).fetchall()
    except (psycopg.Error, ArgumentError):
        return None


def judge_recorded(
    variable: str, what: str, ours: str, rows: Sequence[Mapping[str, Any]], *, comes_back: bool
) -> Diagnosis:
    """`rows`: public keys on record and until when each signed. `comes_back`: whether a former one may sign again."""
    if not rows:
        return KEYS.ok(variable, "no key is on record yet: this one begins")
    if any(row["public_key"] == ours and row["until"] is None for row in rows):
        return KEYS.ok(variable, f"is the one on record, {ours[:16]}…")
    if any(row["public_key"] == ours for row in rows) and not comes_back:
        said = f"was given up before: the service of the {what} refuses it"
        return KEYS.failed(variable, said, "give the newest key, or make another one")
    said = f"is not the one on record: from the next start on, it signs the {what} in its place"
    return KEYS.warning(variable, said, "restore the former key unless the change is meant; then publish the new one")
