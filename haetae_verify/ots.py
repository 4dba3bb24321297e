"""The optional OpenTimestamps proof of the seal. It is checked where the library for it is installed."""

import importlib
import io
from typing import Any

from haetae_verify.canonical import digest
from haetae_verify.source import Source, small
from haetae_verify.stamps import SEAL
from haetae_verify.wrong import Wrong

NAME = "seal.json.ots"
MOST_BYTES = 1 << 16  # a proof with a calendar's path to a block has a few thousand


def check_ots(source: Source) -> str:
    """none, unchecked (no library), pending, or bitcoin: the proof leads to a block, which is not looked up.
    Raises `Wrong`."""
    if NAME not in source.files:
        return "none"
    try:
        timestamp = importlib.import_module("opentimestamps.core.timestamp")
        notary = importlib.import_module("opentimestamps.core.notary")
        serialize = importlib.import_module("opentimestamps.core.serialize")
    except (ImportError, OSError, AttributeError):  # it loads a library of the system, which may be missing
        return "unchecked"
    if source.files[NAME].size > MOST_BYTES:
        raise Wrong(NAME, "ots", why=f"it is larger than {MOST_BYTES} bytes")
    try:
        context = serialize.StreamDeserializationContext(io.BytesIO(small(source, NAME)))
        detached: Any = timestamp.DetachedTimestampFile.deserialize(context)
        found = [attestation for _, attestation in detached.timestamp.all_attestations()]
    except (
        serialize.DeserializationError,
        ValueError,
        TypeError,
        AssertionError,
        RecursionError,
        OverflowError,
    ) as error:
        raise Wrong(NAME, "ots", why=error) from error
    if detached.file_digest.hex() != digest(small(source, SEAL)):
        raise Wrong(NAME, "ots", why=f"it is of another file than {SEAL}")
    return "bitcoin" if any(isinstance(one, notary.BitcoinBlockHeaderAttestation) for one in found) else "pending"
