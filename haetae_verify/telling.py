"""What was proved and what was not, in plain words (pure)."""

from collections.abc import Iterator
from datetime import datetime

from haetae_verify.bundle import Proof
from haetae_verify.canonical import moment
from haetae_verify.certificate import Destruction
from haetae_verify.history import Proof as History
from haetae_verify.stamps import CLOCKS, weak
from haetae_verify.words import NAMES, WORDS
from haetae_verify.wrong import Language, shown

MOST = 2_000  # characters of one value: an address is shown whole wherever it can be
Row = tuple[str, str]


class Teller:
    """Speaks one language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def say(self, word: str, /, **facts: object) -> str:
        said = {name: shown(moment(f) if isinstance(f, datetime) else f, MOST) for name, f in facts.items()}
        return WORDS[word][self._language].format(**said)

    def proof(self, proof: Proof, now: datetime) -> list[str]:
        first = self.say("whole" if proof.own_keys else "unchanged")
        return [first, "", *_aligned(list(self._rows(proof))), "", *self._unproved(self._gaps(proof, now))]

    def destruction(self, found: Destruction) -> list[str]:
        rows = [
            (self.say("case"), shown(found.case_id)),
            *((self.say("manifest"), sha256) for sha256 in found.manifests),
            (
                self.say("destroyed"),
                self.say(
                    "destroyed-how",
                    at=found.destroyed_at,
                    count=len(found.objects),
                    ordered=found.ordered_at,
                    by=found.ordered_by,
                    why=found.why,
                    basis=found.basis,
                ),
            ),
            (self.say("method"), shown(found.method, MOST)),
            (self.say("signed"), found.key),
        ]
        gaps = [] if found.own_keys else [self.say("no-key", key=found.key)]
        return [self.say("certified"), "", *_aligned(rows), "", *self._unproved([*gaps, self.say("copies")])]

    def history(self, proof: History) -> list[str]:
        rows = [(self.say("history"), self.say("history-how", **vars(proof)))]
        if newest := proof.newest:
            facts = {"heads": proof.heads, "at": newest.signed_at, "key": newest.key_id}
            rows.append((self.say("history-heads"), self.say("history-heads-how", **facts)))
        if proof.kept:
            rows.append((self.say("history-kept"), self.say("history-kept-how", kept=proof.kept)))
        if proof.stamped_until:
            size, at = proof.stamped_until
            rows.append((self.say("history-stamped"), self.say("history-stamped-how", size=size, at=at)))
        gaps = [self.say("history-no-key")] * (not proof.own_keys)
        gaps += [self.say("history-no-kept")] * (not proof.kept)
        gaps += [self.say("history-beyond", beyond=proof.beyond)] * bool(proof.beyond)
        gaps += [self.say("history-no-stamp")] * (not proof.stamped_until)
        first = self.say("history-whole" if proof.complete else "history-part")
        return [first, "", *_aligned(rows), *(["", *self._unproved(gaps)] if gaps else [])]

    def _rows(self, proof: Proof) -> Iterator[Row]:
        listed = proof.manifest
        yield self.say("case"), shown(proof.case_id)
        yield self.say("url"), shown(defanged(listed.url), MOST)
        yield (
            self.say("captured"),
            self.say(
                "captured-how",
                started=listed.started_at,
                finished=listed.finished_at,
                software=listed.software,
                mode=self._name(listed.mode),
            ),
        )
        yield from (
            (self.say("failed"), shown(f"{step.name}: {step.failure}", MOST))
            for step in listed.steps
            if step.outcome != "done"
        )
        yield self.say("manifest"), proof.manifest_sha256
        yield self.say("sealed"), self.say("sealed-how", at=proof.sealed_at, key=proof.seal_key)
        for stamp in proof.stamps:
            yield self.say("stamp", number=stamp.number), self.say("stamp-how", **vars(stamp))
        yield self.say("custody"), self._custody(proof)
        yield (
            self.say("made"),
            self.say(
                "made-how", at=proof.made_at, by=proof.made_by, why=proof.why, basis=proof.basis, key=proof.bundle_key
            ),
        )
        yield self.say("files"), self.say("files-how", count=proof.files)
        if absent := [item.name for item in listed.objects if not item.kept]:
            yield self.say("absent"), shown(", ".join(absent), MOST)
        yield from ((self.say("archive"), shown(name)) for name in proof.archives)

    def _custody(self, proof: Proof) -> str:
        chain = proof.custody
        actions = ", ".join(f"{self._name(action)} {count}" for action, count in sorted(chain.actions.items()))
        return self.say("custody-how", length=chain.length, first=chain.first_at, last=chain.last_at, actions=actions)

    def _gaps(self, proof: Proof, now: datetime) -> Iterator[str]:
        if not proof.own_keys:
            yield self.say("no-key", key=proof.bundle_key)
        if not proof.stamps:
            yield self.say("no-stamp")
        else:
            if not proof.own_roots:
                yield self.say("no-root")
            if (first := min(stamp.at for stamp in proof.stamps)) > proof.sealed_at + CLOCKS:
                yield self.say("late", sealed=proof.sealed_at, first=first)
        yield from (self.say("ended", number=one.number, authority=one.authority) for one in weak(proof.stamps, now))
        if proof.ots != "none":
            yield self.say(f"ots-{proof.ots}")
        if not proof.packed:
            yield self.say("folder", name=f"{proof.case_id}.haetae.zip")
        yield self.say("page")

    def _name(self, word: str) -> str:
        return NAMES.get(word, word) if self._language == "ko" else word

    def _unproved(self, gaps: "Iterator[str] | list[str]") -> list[str]:
        return [self.say("unproved"), *(f"- {gap}" for gap in gaps)]


def defanged(url: str) -> str:
    """No terminal makes a link of it, which a click would follow."""
    return url.replace("://", "[:]//")


def _aligned(rows: list[Row]) -> list[str]:
    width = max(_width(label) for label, _ in rows) + 2
    return [label + " " * (width - _width(label)) + value for label, value in rows]


def _width(text: str) -> int:
    """Hangul takes two columns of a terminal."""
    return sum(2 if "가" <= character <= "힣" else 1 for character in text)
