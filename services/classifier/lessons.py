"""What judging leaves for learning: features of what is flagged, and findings that reviewers are asked about.

`learning/` has the reasons; here is only when it happens: in the transaction that remembers what was judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.classifier.domain import Judgement
from services.classifier.learning.examples import Kept, keep
from services.classifier.learning.sampling import REASON, Candidate, Sampler, Slot, grant
from services.classifier.signals import Signals
from services.classifier.text_thread import TextThread
from shared.database import Transaction
from shared.events import ContentFound
from shared.events.values import Reason
from shared.identity import case_id

TO_LEARN = "The models are unsure: the verdict teaches them. It is no case yet."


class Lessons:
    """`looks_a_day`: how many findings that are not flagged reviewers may be asked about; 0 for none."""

    def __init__(self, texts: TextThread, sampler: Sampler, looks_a_day: int) -> None:
        self._texts, self._sampler, self._looks_a_day = texts, sampler, looks_a_day

    def propose(self, signals: Sequence[Signals], judged: Sequence[Judgement]) -> list[Slot | None]:
        """For each finding what it would be asked for; None for what is flagged anyway, and for nearly all others."""
        if self._looks_a_day == 0:
            return [None] * len(judged)
        return self._sampler.propose([_candidate(*one) for one in zip(signals, judged, strict=True)])

    async def features(
        self, found: Sequence[ContentFound], judged: Sequence[Judgement], slots: Sequence[Slot | None]
    ) -> dict[int, bytes]:
        """Of what is flagged or might be, by place."""
        places = [place for place, one in enumerate(judged) if one.flagged or slots[place]]
        if not places:
            return {}
        texts = [(text_of(found[place]), found[place].finding.language) for place in places]
        return dict(zip(places, await self._texts.features(texts), strict=True))

    async def ask(self, tx: Transaction, judged: Sequence[Judgement], slots: Sequence[Slot | None]) -> list[Judgement]:
        """Flagged to learn from, as far as the day's looks reach."""
        if not any(slots):
            return list(judged)
        granted = await grant(tx, slots, self._looks_a_day)
        return [
            _asked(one, slot) if given and slot else one
            for one, slot, given in zip(judged, slots, granted, strict=True)
        ]

    async def keep(
        self,
        tx: Transaction,
        found: Sequence[ContentFound],
        signals: Sequence[Signals],
        judged: Sequence[Judgement],
        slots: Sequence[Slot | None],
        features: Mapping[int, bytes],
    ) -> None:
        """Features of what is flagged; nothing where the text model has none."""
        kept = [
            Kept(
                case_id=case_id(found[place].finding.url),
                features=given,
                language=signals[place].text.language,
                category=judged[place].category,
                score=signals[place].text.score,
                other=_besides_text(judged[place]),
                judged_by=signals[place].text.model,
                sampled=slots[place],
            )
            for place, given in features.items()
            if given and judged[place].flagged
        ]
        if kept:
            await keep(tx, kept)


def text_of(found: ContentFound) -> str:
    """What is read of a page."""
    return f"{found.finding.title}\n{found.text}"


def _candidate(signals: Signals, judged: Judgement) -> Candidate | None:
    if judged.flagged:
        return None
    exposing = signals.pictures > 0 or signals.videos > 0
    return Candidate(judged.risk.score, signals.text.ngrams, signals.text.embedding, exposing)


def _asked(judged: Judgement, slot: Slot) -> Judgement:
    reason = Reason(code=REASON, text=TO_LEARN, weight=0.0, values={"slot": slot})
    return replace(judged, flagged=True, reasons=(*judged.reasons, reason))


def _besides_text(judged: Judgement) -> float:
    return max((part for name, part in judged.risk.components.items() if name != "text"), default=0.0)
