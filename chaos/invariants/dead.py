"""What was put aside."""

from collections import defaultdict

from chaos.invariants.seen import Seen
from shared.bus.dead_letters import DEAD_SUFFIX
from shared.bus.port import Received


async def dead_letters_planted(seen: Seen) -> list[str]:
    """Only the planted records are put aside, by whichever services read their topic."""
    found: dict[str, dict[tuple[bytes, bytes], Received]] = defaultdict(dict)
    for letter in (await seen.log()).dead:
        place = letter.headers.get("dead_partition", b""), letter.headers.get("dead_offset", b"")
        found[letter.topic.removesuffix(DEAD_SUFFIX)][place] = letter
    planted = {topic.removesuffix(DEAD_SUFFIX): count for topic, count in seen.world.planted.items()}
    return [
        f"{topic}: {len(letters)} records were put aside, {planted.get(topic, 0)} were planted; {_why(letters)}"
        for topic, letters in sorted(found.items())
        if len(letters) > planted.get(topic, 0)
    ]


def _why(letters: dict[tuple[bytes, bytes], Received]) -> str:
    last = max(letters.values(), key=lambda letter: letter.offset)
    said = last.headers.get("dead_error", b"").decode(errors="replace").partition("\n")[0]
    name = last.headers.get("ce_id", b"?").decode(errors="replace")
    return f"the last is event {name} of {last.headers.get('dead_service', b'?').decode(errors='replace')}: {said}"
