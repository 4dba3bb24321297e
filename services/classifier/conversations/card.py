"""The card that lies beside a trained conversation model."""

from collections.abc import Mapping

from services.classifier.conversations.evaluation import Figures


def card(provenance: str, conversations: int, seed: int, figures: Mapping[str, Figures]) -> str:
    """`figures`: by reading."""
    rows = "\n".join(
        f"| {name} | {f.conversations} ({f.harmful}) | {f.precision:.3f} | {f.recall:.3f}"
        f" | {f.false_alarms_per_1000:.1f} | {f.latency_f1:.3f} | {f.before_meeting:.3f} | {f.delay:g} |"
        for name, f in figures.items()
    )
    stages = "\n".join(
        f"| {stage} | {name} | {precision:.3f} | {recall:.3f} |"
        for name, f in figures.items()
        for stage, (precision, recall) in f.stages.items()
    )
    return f"""# Conversation model

{provenance}

- Kind: stage of each turn by hashed character n-grams ("letters") and, with an encoder, sentence embeddings
  ("meaning"); risk of each speaker: the mean of a gated recurrent unit over the turns with a cue and of a logistic
  regression that can be read. Weights as safetensors.
- Trained on {conversations} conversations, seed {seed}; thresholds from two thirds of them, held out.
- Limits: one turn is read at a time, so a phrase cut into several messages is not seen. "letters" recognises only
  phrasings that it has learnt. A person decides, always; the software warns and does nothing else.

On conversations whose phrasings training has not seen:

| reading | conversations (harmful) | precision | recall | false alarms per 1,000 | latency F1 | not too late | delay |
|---|---|---|---|---|---|---|---|
{rows}

| stage of a turn | reading | precision | recall |
|---|---|---|---|
{stages}
"""
