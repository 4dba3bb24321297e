"""What the API server says of each object of an overlay, asked without keeping any (`dryRun=All`)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from deploy.verify.apiserver.client import Client
from deploy.verify.apiserver.older import NEWER, TAKEN, former, last, lost
from deploy.verify.finding import Finding
from deploy.verify.rendering import Rendered, Thing

CURE = "see the reference of its API; the words are the API server's own"
EXISTS = 409


@dataclass
class Judged:
    """`beyond`: what 1.20 cannot judge: newer fields, by name; `skipped`: kinds that it does not have."""

    asked: int = 0
    found: list[Finding] = field(default_factory=list)
    beyond: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)


def judge(client: Client, rendered: Rendered) -> Judged:
    judged = Judged()
    for thing in rendered.things:
        older, taken = former(thing.body)
        if (older["apiVersion"], older["kind"]) not in client.kinds:
            judged.skipped[f"{thing.api} {thing.kind}"] += 1
            continue
        judged.asked += 1
        judged.beyond.update(taken)
        judged.found += list(_said(client, thing, older, judged.beyond))
    return judged


def _said(client: Client, thing: Thing, older: dict[str, object], beyond: Counter[str]) -> Iterator[Finding]:
    answer = client.create(older, dry=True)
    if answer.status == EXISTS:  # the namespace itself, which must be there for the others to be asked
        return
    for words in answer.said:
        yield thing.finding(words, CURE)
    if answer.said:
        return
    # Data of secrets comes back in base64 under another name.
    sent = {name: value for name, value in older.items() if name != "stringData"}
    for place in lost(sent, answer.body):
        if last(place) in NEWER:
            beyond[last(place)] += 1
        else:
            yield thing.finding(f"{place}: the API server knows no such field and dropped it", CURE)


def since(name: str) -> str:
    return {**NEWER, **TAKEN}[name]
