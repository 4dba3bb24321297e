"""Dead letters that wait for a person."""

from collections import Counter
from collections.abc import Sequence

from haetae.dead_letters.desk import opened_with
from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.patient import Patient
from shared.bus.letters import Letter
from shared.failures import Failure

LETTERS = Subject("dead letters")
NAMED = 3


async def look(patient: Patient) -> Sequence[Diagnosis]:
    try:
        async with opened_with(patient.settings) as desk:
            return [judge(await desk.letters())]
    except Failure:
        return [LETTERS.skipped("waiting", "not read: the broker is away, or keeps them from this user")]


def judge(letters: Sequence[Letter]) -> Diagnosis:
    waiting = Counter(letter.topic for letter in letters if letter.ended is None)
    if not waiting:
        return LETTERS.ok("waiting", "none")
    most = ", ".join(f"{count} of {topic}" for topic, count in waiting.most_common(NAMED))
    said = f"{waiting.total()} wait for a person ({most}): their cases stand still"
    return LETTERS.warning("waiting", said, "haetae dead-letters list")
