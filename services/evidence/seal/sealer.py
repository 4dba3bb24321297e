"""Sealing a manifest: signed here, stamped by others, kept in one transaction with the case."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import NamedTuple, Self
from uuid import UUID

import structlog

from haetae_verify.bundle import SEAL_FORMAT
from haetae_verify.canonical import digest, moment
from haetae_verify.signed import sign
from haetae_verify.stamps import SEAL
from services.evidence.seal import keys
from services.evidence.seal.kept import add_stamp, owe
from services.evidence.seal.signing import public_key, signing_key
from services.evidence.seal.store import Proof, SealRow
from services.evidence.settings import Settings
from shared.clock import Clock
from shared.database import Transaction
from shared.observing import part
from shared.stamps import authorities
from shared.stamps.stamping import Stamping
from shared.stamps.verifying import Stamped

log = structlog.get_logger(__name__)


class Owed(NamedTuple):
    """A stamp that an authority did not give in time, and why."""

    authority: str
    why: str


@dataclass(frozen=True)
class Seal:
    """`document`: the bytes of seal.json."""

    manifest_sha256: str
    document: bytes = field(repr=False)
    sealed_at: datetime
    stamps: tuple[Stamped, ...]
    owed: tuple[Owed, ...]


class Sealer:
    """Reads its key and the list of authorities at once. Raises `ValueError` naming the setting and the cure."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self.key = signing_key(settings.signing_key)
        self.public_key = public_key(self.key)
        self.stamping = Stamping(authorities.read(settings.stamp_authorities_file), settings.stamp_seconds, clock)
        self.renew_before = timedelta(days=settings.stamp_renew_days)
        self._proves = bool(settings.ots_calendars)

    async def __aenter__(self) -> Self:
        await self.stamping.__aenter__()
        if not self.stamping.names:
            log.warning(
                "no time-stamp authority: nobody but this agency attests when a seal was made",
                cure="set HAETAE_STAMP_AUTHORITIES_FILE",
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stamping.__aexit__(kind, error, trace)

    async def seal(self, case_id: UUID, manifest: bytes) -> Seal:
        """Takes as long as the slowest authority, and never longer than HAETAE_STAMP_SECONDS."""
        now, sha256 = self._clock.now(), digest(manifest)
        said = {"format": SEAL_FORMAT, "case_id": str(case_id), "manifest_sha256": sha256, "sealed_at": moment(now)}
        document = sign(said, self.key)
        with part("stamps of a seal"):
            stamps, owed = await self.stamping.all(document, SEAL)
        return Seal(sha256, document, now, stamps, tuple(Owed(*one) for one in owed.items()))

    async def keep(self, tx: Transaction, case_id: UUID, seal: Seal) -> None:
        """In the transaction of the case: the seal, its stamps with a line of custody each, and what is owed."""
        tx.add(
            SealRow(
                case_id=case_id,
                manifest_sha256=seal.manifest_sha256,
                document=seal.document,
                sealed_at=seal.sealed_at,
            )
        )
        await tx.flush()
        if not await keys.known(tx, self.public_key):
            await keys.take_over(tx, self.public_key, seal.sealed_at)
        for stamp in seal.stamps:
            await add_stamp(tx, case_id, seal.manifest_sha256, stamp, self.renew_before)
        for authority, why in seal.owed:
            await owe(tx, case_id, seal.manifest_sha256, authority, SEAL, why)
        if self._proves:
            tx.add(Proof(case_id=case_id, manifest_sha256=seal.manifest_sha256, due_at=tx.clock.now()))
            await tx.flush()
