"""Hashes the pictures of approved cases from what is sealed, and has them listed."""

import re
from types import TracebackType
from typing import Self
from uuid import UUID

import structlog

from services.evidence.listing.choice import as_found, is_found
from services.evidence.listing.hashing import GuardKilled, GuardRaised, hashing
from services.evidence.listing.store import TRIES, Listing, done, pictures_of, take
from services.evidence.orders.destruction import begun
from services.evidence.store import Evidence
from services.evidence.workshop import Workshop
from shared.events import CaseHashed, CasePicture, PictureVariant
from shared.events.values import Picture
from shared.failures import Transient
from shared.handling import Context
from shared.identity import identity
from shared.objects.vault import KeyDestroyed, ObjectMissing, Tampered

log = structlog.get_logger()

POLL_S = 1.0
ORIGINAL = re.compile(r"picture-(\d+)\.[a-z]+")  # as the step `media` names them


class CaseListing:
    """A resource, and the task of it."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop, self._hashing = workshop, hashing()

    async def __aenter__(self) -> Self:
        await self._hashing.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._hashing.__aexit__(kind, error, trace)

    async def run(self, context: Context) -> None:
        while not context.stopping():
            worked = False
            try:
                worked = await self.step(context)
            except Transient as failure:
                log.warning("pictures of approved cases have to wait", reason=str(failure))
            if not worked:
                await context.clock.sleep(POLL_S)

    async def step(self, context: Context) -> bool:
        """One case, if there is one; whether there was."""
        async with context.database.transaction() as tx:
            row = await take(tx)
            if row is None:
                return False
            evidence = await tx.get(Evidence, row.case_id)
            objects = _originals(evidence) if evidence else {}
        found = pictures_of(row)
        # After so many tries something of these bytes ends the process: what was found of them has to do.
        whole = row.tries <= TRIES
        pictures = [
            await self._hashed(row.case_id, number, picture, objects.get(number) if whole else None)
            for number, picture in found.items()
        ]
        await _tell(context, row, tuple(pictures))
        return True

    async def _hashed(self, case_id: UUID, number: int, found: Picture, sha256: str | None) -> CasePicture:
        if sha256 is None:
            return as_found(number, found)
        try:
            prints = await self._hashing(await self._workshop.vault.get(case_id, sha256))
        except (GuardKilled, GuardRaised, KeyDestroyed, ObjectMissing, Tampered) as failure:
            log.warning("a picture is listed as it was found", case_id=str(case_id), why=type(failure).__name__)
            return as_found(number, found)
        if not is_found(found, sha256, prints[0].pdq if prints else None):
            log.warning("a picture is listed as it was found", case_id=str(case_id), why="another one was captured")
            return as_found(number, found)
        variants = tuple(PictureVariant(variant=one.variant, pdq=one.pdq, phash=one.phash) for one in prints)
        return CasePicture(number=number, sha256=sha256, variants=variants)


def _originals(evidence: Evidence) -> dict[int, str]:
    """Digests of the sealed originals by the picture's number; none where the content may not be kept."""
    named = ((ORIGINAL.fullmatch(item["name"]), item["sha256"]) for item in evidence.objects)
    return {int(match[1]): sha256 for match, sha256 in named if match}


async def _tell(context: Context, row: Listing, pictures: tuple[CasePicture, ...]) -> None:
    async with context.database.transaction() as tx:
        evidence = await tx.get(Evidence, row.case_id, lock=True)  # before the listing's row, as whoever seals does
        if not await done(tx, row.case_id) or begun(evidence):
            return
        event = CaseHashed(
            case_id=row.case_id, host=row.host, category=row.category, pictures=pictures, hashed_at=tx.clock.now()
        )
        tx.publish(event, id=identity("case.hashed", row.case_id))
    log.info("the pictures of an approved case are hashed", case_id=str(row.case_id), pictures=len(pictures))
