"""The addresses in what a person pasted (pure): one on each line, or amid a message."""

import re
from collections import Counter
from dataclasses import dataclass

from shared.events.values import MAX_URL
from shared.urls import canonical

MOST_TEXT = 60_000  # characters that are looked at
# What ends an address in running text; also the full stops and brackets of Chinese, Japanese and Korean.
ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"'`、。，；！？「」『』（）【】《》]+", re.IGNORECASE)
# A line that consists of a host name with a path, or that alone: people leave out the scheme.
BARE = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,63}(?::\d{1,5})?(?:[/?#]\S*)?")
AFTER = ".,;:!?)]}>…"
CLOSING = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class Found:
    """`urls`: canonical, each once, in their order. `unread`: lines in which there is none."""

    urls: tuple[str, ...]
    unread: tuple[str, ...]


def addresses_in(text: str) -> Found:
    urls: dict[str, None] = {}
    unread: list[str] = []
    for line in text[:MOST_TEXT].splitlines():
        found = _of_line(line.strip())
        urls.update(dict.fromkeys(found))
        if line.strip() and not found:
            unread.append(line.strip())
    return Found(tuple(urls), tuple(unread))


def _of_line(line: str) -> list[str]:
    given = [_trimmed(one) for one in ADDRESS.findall(line)]
    if not given and BARE.fullmatch(line):
        given = [line]
    made = (canonical(one if "://" in one else f"http://{one}") for one in given)
    return [one for one in made if one and len(one) <= MAX_URL]


def _trimmed(address: str) -> str:
    """Without the marks of the sentence around it; a closing bracket stays where its opening one is in the address."""
    end, marks = len(address), Counter(address)  # counted once: somebody may paste nothing but brackets
    while end and (last := address[end - 1]) in AFTER:
        opening = CLOSING.get(last)
        if opening and marks[opening] >= marks[last]:
            break
        marks[last] -= 1
        end -= 1
    return address[:end]
