"""The card that lies beside a trained model."""

from collections.abc import Mapping, Sequence

from services.classifier.learning.metrics import FLAG_FROM, Metrics


def model_card(provenance: str, examples: int, seed: int, metrics: Mapping[str, Metrics]) -> str:
    rows = "\n".join(
        f"| {name} | {m.texts} | {m.positives} | {m.precision:.3f} | {m.recall:.3f} | {m.average_precision:.3f} |"
        for name, m in metrics.items()
    )
    return f"""# Text model

{provenance}

- Kind: logistic regression over hashed character n-grams, highest passage of a text, Platt-calibrated
  (`model_type` haetae-ngram, weights as safetensors).
- Trained on {examples} examples, seed {seed}; a quarter of them held out for calibration and for the figures below.
- Precision and recall at a score of {FLAG_FROM}. "disguised": the same texts obfuscated (spacing, leetspeak,
  look-alike letters, zero-width characters and others).

| held-out texts | texts | positives | precision | recall | average precision |
|---|---|---|---|---|---|
{rows}
"""


def retrained_card(
    *, checks: Sequence[tuple[str, bool]], given: int, fitted: int, positives: int, contested: int, distrusted: int
) -> str:
    """Of a model that verdicts changed. Counts and figures only: no word, no case, no reviewer."""
    rows = "\n".join(f"| {says} | {'passed' if passed else 'refused'} |" for says, passed in checks)
    return f"""# Text model, taught by verdicts

- Kind: the shipped model's head, fitted again with reviewers' verdicts; a logistic regression over hashed character
  n-grams, Platt-calibrated (weights as safetensors).
- Data: the shipped model's base sample, and {given} verdicts ({positives} that a text is what is looked for), {fitted}
  of them fitted to; the others examine and calibrate. {contested} texts on which reviewers disagree and all verdicts of
  {distrusted} reviewers who were wrong about golden texts were left out. Features only, no texts.
- Limits: it knows what was flagged or sampled and then decided. What nobody was shown it cannot have learned. The
  figures of the frozen set are those of the shipped model's corpus, not of the web.

| compared with the model that judged before | |
|---|---|
{rows}
"""
