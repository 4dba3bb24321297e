"""Runs the checks side by side, each within its time; what looks the same to several services is looked at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from haetae.doctor.diagnosis import Diagnosis, State, merged
from haetae.doctor.patient import Patient

# A server that is away answers within its own limits of 3 to 10 s; a browser starts within 5.
LONGEST_S = 15.0
AT_ONCE = 8  # most of the time is waiting for servers; more only makes each of them slower

Look = Callable[[Patient], Awaitable[Sequence[Diagnosis]]]


@dataclass(frozen=True)
class Check:
    """`of`: whose check it is. `by`: beginnings of the settings that its answer follows from; `apart`: it follows from
    the service, too. `whole`: it needs settings that can be read."""

    subject: str
    look: Look
    of: frozenset[str]
    by: tuple[str, ...] = ()
    apart: bool = False
    whole: bool = True


async def examine(
    patients: Sequence[Patient], checks: Sequence[Check], longest_s: float = LONGEST_S
) -> list[Diagnosis]:
    """In the order of the checks. Never raises for what a check finds or how it fails."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(check: Check, group: Sequence[Patient]) -> list[Diagnosis]:
        async with room:
            found = await _looked(check, group[0], longest_s)
        return [replace(diagnosis, services=tuple(patient.service for patient in group)) for diagnosis in found]

    runs = [one(check, group) for check in checks for group in groups(check, patients)]
    return merged(diagnosis for some in await asyncio.gather(*runs) for diagnosis in some)


def groups(check: Check, patients: Iterable[Patient]) -> list[list[Patient]]:
    """Patients for whom the check would see the same. Pure."""
    found: dict[object, list[Patient]] = {}
    for patient in patients:
        if patient.service not in check.of or (check.whole and patient.settings is None):
            continue  # settings that cannot be read are told of by the check of settings
        seen = patient.told(check.by)
        found.setdefault((patient.service, seen) if check.apart else seen, []).append(patient)
    return list(found.values())


async def _looked(check: Check, patient: Patient, longest_s: float) -> Sequence[Diagnosis]:
    try:
        async with asyncio.timeout(longest_s):
            return await check.look(patient)
    except TimeoutError:
        said = f"no answer within {longest_s:g} s"
        return [Diagnosis(check.subject, "answers", State.FAILED, said, "see that it runs and is reached")]
    except Exception as error:  # the doctor's own fault, or of a server as nobody knows it: it must not hide the rest
        said = f"could not be looked at: {type(error).__name__}"  # not its words: they may hold what is secret
        return [Diagnosis(check.subject, "looked at", State.FAILED, said, "tell the developers how it came to this")]
